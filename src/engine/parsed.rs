//! The mirror as events: each resource is parsed once and again only when it
//! changed. Kept in memory between cycles; the store stays the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ical::parse::parse;
use crate::model::event::Event;
use crate::model::id::{CalendarId, EventUid, Href, OwnerId};
use crate::model::resource::{Resource, ResourceRef};
use crate::model::snapshot::{MirroredEvent, Quarantine};
use crate::plan::input::CompanionEvent;
use crate::store::{Store, StoreError};

/// Everything parsed so far.
#[derive(Debug, Default)]
pub struct ParsedMirror {
    calendars: BTreeMap<CalendarId, ParsedCalendar>,
}

#[derive(Debug, Default)]
struct ParsedCalendar {
    revision: i64,
    resources: BTreeMap<Href, ParsedResource>,
}

#[derive(Debug)]
struct ParsedResource {
    reference: ResourceRef,
    events: Vec<Arc<Event>>,
    rejected: Vec<Quarantine>,
}

impl ParsedMirror {
    /// Brings one calendar up to date with the store. An unchanged calendar costs
    /// one look at its revision.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn refresh(
        &mut self,
        store: &Store,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<(), StoreError> {
        let Some(state) = store.calendar_state(owner, calendar)? else {
            self.calendars.remove(calendar);
            return Ok(());
        };
        let known = self.calendars.entry(calendar.clone()).or_default();
        if known.revision == state.revision {
            return Ok(());
        }
        store.each_changed_resource(owner, calendar, Some(known.revision), |resource| {
            known.resources.insert(resource.href.clone(), read(resource));
        })?;
        let there: BTreeSet<Href> =
            store.resource_tags(owner, calendar)?.into_iter().map(|(href, _)| href).collect();
        known.resources.retain(|href, _| there.contains(href));
        known.revision = state.revision;
        Ok(())
    }

    /// The events of some calendars, in order of calendar and address.
    pub fn events<'a>(
        &'a self,
        calendars: &'a BTreeSet<CalendarId>,
    ) -> impl Iterator<Item = MirroredEvent> + 'a {
        self.resources(calendars).flat_map(|resource| {
            resource.events.iter().map(|event| MirroredEvent {
                resource: resource.reference.clone(),
                event: Arc::clone(event),
            })
        })
    }

    /// A single event onbeat made, by its UID: a meeting's companion.
    pub fn single(&self, uid: &EventUid) -> Option<CompanionEvent> {
        let resources = self.calendars.values().flat_map(|c| c.resources.values());
        resources
            .flat_map(|resource| resource.events.iter().map(move |event| (resource, event)))
            .find(|(_, event)| event.uid == *uid)
            .and_then(|(resource, event)| {
                let body = event.master.as_ref()?;
                Some(CompanionEvent {
                    resource: resource.reference.clone(),
                    start: body.start.clone(),
                    description: body.description.clone(),
                })
            })
    }

    /// What could not be read in some calendars.
    pub fn quarantined(&self, calendars: &BTreeSet<CalendarId>) -> Vec<Quarantine> {
        self.resources(calendars).flat_map(|r| r.rejected.iter().cloned()).collect()
    }

    fn resources<'a>(
        &'a self,
        calendars: &'a BTreeSet<CalendarId>,
    ) -> impl Iterator<Item = &'a ParsedResource> + 'a {
        self.calendars
            .iter()
            .filter(|(id, _)| calendars.contains(id))
            .flat_map(|(_, calendar)| calendar.resources.values())
    }
}

fn read(resource: Resource) -> ParsedResource {
    let parsed = parse(&resource.data);
    let Resource { calendar, href, etag, .. } = resource;
    let rejected = parsed.quarantined.into_iter().map(|bad| Quarantine {
        calendar: calendar.clone(),
        href: href.clone(),
        uid: bad.uid,
        reason: bad.reason,
    });
    ParsedResource {
        rejected: rejected.collect(),
        events: parsed.events.into_iter().map(Arc::new).collect(),
        reference: ResourceRef { calendar, href, etag },
    }
}

//! A mirror in memory that keeps the promises the engine's mirror keeps: a full
//! listing removes what it did not name, a delta what it named, anything else
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use onbeat::model::id::{Etag, Href, SyncToken};
use onbeat::model::resource::Resource;
use onbeat::provider::{Changes, Extent, MirrorSink, ProviderError};

/// The mirror of one calendar.
#[derive(Debug, Default, Clone)]
pub struct Mirror {
    /// What is held, by address.
    pub held: BTreeMap<Href, Resource>,
    /// The token of the last reading.
    pub token: Option<SyncToken>,
    seen: BTreeSet<Href>,
    /// Resources stored by the last reading.
    pub stored: usize,
    /// Resources removed by the last reading.
    pub gone: usize,
    /// Calls of the sink by the last reading.
    pub calls: usize,
}

impl MirrorSink for Mirror {
    fn known(&mut self, href: &Href) -> Result<Option<Etag>, ProviderError> {
        Ok(self.held.get(href).and_then(|resource| resource.etag.clone()))
    }

    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError> {
        self.calls += 1;
        for resource in batch {
            self.stored += 1;
            self.seen.insert(resource.href.clone());
            self.held.insert(resource.href.clone(), resource);
        }
        Ok(())
    }

    fn unchanged(&mut self, href: &Href) -> Result<(), ProviderError> {
        self.calls += 1;
        self.seen.insert(href.clone());
        Ok(())
    }

    fn removed(&mut self, href: &Href) -> Result<(), ProviderError> {
        self.calls += 1;
        self.gone += usize::from(self.held.remove(href).is_some());
        Ok(())
    }
}

impl Mirror {
    /// Forgets what the last reading did, before the next.
    pub fn begin(&mut self) {
        self.seen.clear();
        (self.stored, self.gone, self.calls) = (0, 0, 0);
    }

    /// Draws the conclusions of a reading that ended well.
    pub fn conclude(&mut self, changes: &Changes) {
        match &changes.extent {
            Extent::Full => {
                let before = self.held.len();
                let skipped: BTreeSet<&Href> =
                    changes.skipped.iter().map(|(href, _)| href).collect();
                self.held.retain(|href, _| self.seen.contains(href) || skipped.contains(href));
                self.gone += before - self.held.len();
                self.token = changes.next.clone();
            }
            Extent::Delta | Extent::Unchanged => self.token = changes.next.clone(),
            Extent::Partial { .. } => {}
        }
    }

    /// The resource whose text has this UID line; the servers keep those.
    pub fn with_uid(&self, uid: &str) -> Option<&Resource> {
        let mut found = self.held.values().filter(|resource| has_uid(&resource.data, uid));
        let first = found.next();
        assert!(found.next().is_none(), "two resources of UID {uid}");
        first
    }

    /// All UIDs held, sorted.
    pub fn uids(&self) -> Vec<String> {
        let mut uids: Vec<String> =
            self.held.values().filter_map(|resource| uid_of(&resource.data)).collect();
        uids.sort();
        uids
    }
}

/// The first UID in a resource's text.
pub fn uid_of(data: &[u8]) -> Option<String> {
    unfold(data).lines().find_map(|line| line.strip_prefix("UID:").map(|uid| uid.trim().to_owned()))
}

/// Whether a component of the text has this UID.
pub fn has_uid(data: &[u8], uid: &str) -> bool {
    unfold(data)
        .lines()
        .any(|line| line.strip_prefix("UID:").is_some_and(|text| text.trim() == uid))
}

/// Content lines with their folding undone (RFC 5545 §3.1).
pub fn unfold(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data).replace("\r\n", "\n");
    text.replace("\n ", "").replace("\n\t", "")
}

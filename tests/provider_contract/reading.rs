//! Cases of reading: what is delivered, what a token saves, and that nothing is
//! taken for deleted that only was not read.

use std::collections::BTreeSet;

use onbeat::model::id::{CalendarId, Href, SyncToken};
use onbeat::provider::Extent;

use crate::site::{Site, strong};
use crate::support::mirror::{Mirror, uid_of};
use crate::text::{self, meaning, single};

pub async fn calendars_are_found_with_name_and_address(site: &Site) {
    let found = site.provider.calendars().await.unwrap();
    let ids: BTreeSet<&CalendarId> = found.iter().map(|info| &info.id).collect();
    assert_eq!(ids.len(), found.len(), "one calendar twice: {found:?}");
    let own = found.iter().find(|info| info.id == site.calendar);
    let own = own.unwrap_or_else(|| panic!("{} is not in {found:?}", site.calendar));
    assert_eq!(own.name, site.calendar_name);
    assert!(own.writable && own.opaque);
    let special =
        |part: &str| found.iter().any(|info| info.id.collection.to_lowercase().contains(part));
    assert!(!special("inbox") && !special("outbox"), "no calendar for people: {found:?}");
}

pub async fn the_server_says_what_it_is(site: &Site) {
    let said = site.provider.capabilities().await.unwrap();
    assert!(!said.product.is_empty());
    assert_eq!(said.engine, site.traits.engine);
    assert_eq!(said.auto_schedule, site.traits.schedules);
    assert!(said.free_busy_of_others || !site.traits.free_busy, "it could be asked");
    let alice = said.addresses.iter().any(|address| address.as_str() == "alice@example.test");
    assert_eq!(alice, site.traits.schedules, "{:?}", said.addresses);
}

pub async fn an_empty_calendar_is_read_completely(site: &Site) {
    let mut mirror = Mirror::default();
    let changes = site.read(&mut mirror).await.unwrap();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!(changes.skipped, []);
    assert!(mirror.held.is_empty());
}

pub async fn a_first_reading_delivers_every_resource_with_its_tag(site: &Site) {
    for n in 1..=12 {
        site.write(&format!("e{n}.ics"), &single(&site.uid(&format!("e{n}")), n, "One"));
    }
    let mut mirror = Mirror::default();
    let changes = site.read(&mut mirror).await.unwrap();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!(changes.skipped, []);
    assert_eq!(mirror.held.len(), 12);
    for n in 1..=12 {
        let sent = single(&site.uid(&format!("e{n}")), n, "One");
        let held = mirror.with_uid(&site.uid(&format!("e{n}"))).expect("it was written");
        assert_eq!(held.calendar, site.calendar);
        assert_eq!(meaning(&held.data), meaning(sent.as_bytes()));
        if site.traits.keeps_bytes {
            assert_eq!(String::from_utf8_lossy(&held.data), sent);
        }
        let again = site.get(&held.href).await;
        assert_eq!((again.etag, again.data), (held.etag.clone(), held.data.clone()));
    }
}

pub async fn an_unchanged_calendar_is_unchanged_and_stores_nothing(site: &Site) {
    site.write("a.ics", &single(&site.uid("a"), 1, "One"));
    let mut mirror = site.mirror().await;
    for _ in 0..2 {
        if let Some(proxy) = &site.proxy {
            proxy.take();
        }
        let changes = site.read(&mut mirror).await.unwrap();
        assert_eq!(changes.extent, Extent::Unchanged);
        assert_eq!((mirror.calls, mirror.held.len()), (0, 1));
        if let Some(proxy) = &site.proxy {
            let seen: Vec<String> = proxy.take().into_iter().map(|seen| seen.method).collect();
            assert_eq!(seen, [site.traits.verbs.0], "one request for an unchanged calendar");
        }
    }
}

pub async fn a_delta_stores_what_is_new_or_changed_and_nothing_else(site: &Site) {
    for n in 1..=4 {
        site.write(&format!("e{n}.ics"), &single(&site.uid(&format!("e{n}")), n, "One"));
    }
    let mut mirror = site.mirror().await;
    let kept = mirror.with_uid(&site.uid("e1")).unwrap().clone();
    site.write("e2.ics", &single(&site.uid("e2"), 2, "Two"));
    site.write("e5.ics", &single(&site.uid("e5"), 5, "Five"));
    let changes = site.read(&mut mirror).await.unwrap();
    assert!(matches!(changes.extent, Extent::Delta | Extent::Full), "{:?}", changes.extent);
    assert_eq!((mirror.stored, mirror.gone, mirror.held.len()), (2, 0, 5));
    let text =
        |uid: &str| String::from_utf8_lossy(&mirror.with_uid(uid).unwrap().data).into_owned();
    assert!(text(&site.uid("e2")).contains("SUMMARY:Two"));
    assert!(text(&site.uid("e5")).contains("SUMMARY:Five"));
    assert_eq!(mirror.with_uid(&site.uid("e1")), Some(&kept));
    assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Unchanged);
}

pub async fn a_deletion_is_seen(site: &Site) {
    for n in 1..=3 {
        site.write(&format!("e{n}.ics"), &single(&site.uid(&format!("e{n}")), n, "One"));
    }
    let mut mirror = site.mirror().await;
    site.hand.remove("e2.ics");
    site.read(&mut mirror).await.unwrap();
    assert_eq!((mirror.stored, mirror.gone), (0, 1));
    assert_eq!(mirror.uids(), [site.uid("e1"), site.uid("e3")]);
    site.hand.remove("e1.ics");
    site.hand.remove("e3.ics");
    let changes = site.read(&mut mirror).await.unwrap();
    assert!(matches!(changes.extent, Extent::Delta | Extent::Full), "{:?}", changes.extent);
    assert!(mirror.held.is_empty(), "the last one goes like any other");
}

pub async fn a_creation_undone_between_two_readings_leaves_nothing(site: &Site) {
    site.write("stays.ics", &single(&site.uid("stays"), 1, "One"));
    let mut mirror = site.mirror().await;
    site.write("brief.ics", &single(&site.uid("brief"), 2, "Two"));
    site.hand.remove("brief.ics");
    site.read(&mut mirror).await.unwrap();
    assert_eq!(mirror.uids(), [site.uid("stays")]);
}

pub async fn an_invalid_token_leads_to_a_full_listing_with_right_deletions(site: &Site) {
    for n in 1..=3 {
        site.write(&format!("e{n}.ics"), &single(&site.uid(&format!("e{n}")), n, "One"));
    }
    let mut mirror = site.mirror().await;
    site.hand.remove("e2.ics");
    site.write("e4.ics", &single(&site.uid("e4"), 4, "Four"));
    mirror.token = Some(SyncToken::new("http://example.test/ns/sync/never-issued"));
    let changes = site.read(&mut mirror).await.unwrap();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!((mirror.stored, mirror.gone), (1, 1), "what is known is not fetched again");
    assert_eq!(mirror.uids(), [site.uid("e1"), site.uid("e3"), site.uid("e4")]);
    assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Unchanged);
}

pub async fn two_edits_in_one_moment_are_both_seen(site: &Site) {
    let mut mirror = site.mirror().await;
    for n in 0..6 {
        let title = format!("T{n}"); // of one length: only the bytes tell them apart
        site.write("a.ics", &single(&site.uid("a"), 1, &title));
        site.read(&mut mirror).await.unwrap();
        let held = &mirror.with_uid(&site.uid("a")).unwrap().data;
        assert!(
            String::from_utf8_lossy(held).contains(&format!("SUMMARY:{title}")),
            "edit {n} is lost"
        );
    }
}

pub async fn names_with_spaces_percent_and_other_scripts_stay_as_they_are(site: &Site) {
    let names = ["a b.ics", "50%25 off.ics", "größe.ics", "会議.ics", "x@y+z.ics", "a (1).ics"];
    for (n, name) in (1..).zip(names) {
        site.write(name, &single(&site.uid(&format!("n{n}")), n, "One"));
    }
    let mut mirror = site.mirror().await;
    assert_eq!(mirror.held.len(), names.len());
    for (n, name) in (1..).zip(names) {
        let uid = site.uid(&format!("n{n}"));
        let held = mirror.with_uid(&uid).unwrap_or_else(|| panic!("{name} is missing")).clone();
        assert_eq!(site.get(&held.href).await.data, held.data, "{name}");
        let edited = single(&uid, n, "Two");
        let write = text::agenda(&held.href, &uid, "", &edited);
        let unchanged = onbeat::model::plan::Precondition::Match(strong(&held));
        site.provider.put(&site.calendar, &write, &unchanged).await.unwrap();
        let stored = site.hand.read(name).unwrap_or_else(|| panic!("{name} went elsewhere"));
        assert!(stored.contains("SUMMARY:Two"), "{name}");
    }
    site.read(&mut mirror).await.unwrap();
    assert_eq!(
        (mirror.stored, mirror.held.len()),
        (names.len(), names.len()),
        "same addresses again"
    );
    let href = mirror.with_uid(&site.uid("n2")).unwrap().href.clone();
    let tag = site.strong(&href).await;
    site.provider.delete(&site.calendar, &href, &tag).await.unwrap();
    assert_eq!(site.hand.read(names[1]), None);
}

pub async fn a_large_description_is_read_whole(site: &Site) {
    let words = format!("{}end", "agenda ".repeat(300_000)); // 2.1 MB
    let folded: Vec<String> = words
        .as_bytes()
        .chunks(60)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    let line = format!("DESCRIPTION:{}", folded.join("\r\n "));
    let large = text::calendar(&[text::weekly(&site.uid("large"), &[&line])]);
    site.write("large.ics", &large);
    site.write("small.ics", &single(&site.uid("small"), 1, "One"));
    let mut mirror = Mirror::default();
    let changes = site.read(&mut mirror).await.unwrap();
    assert_eq!(changes.skipped, []);
    let held = mirror.with_uid(&site.uid("large")).unwrap();
    assert_eq!(meaning(&held.data), meaning(large.as_bytes()));
    assert!(mirror.with_uid(&site.uid("small")).is_some());
}

pub async fn a_broken_resource_leaves_the_others_alone(site: &Site) {
    site.write("good.ics", &single(&site.uid("good"), 1, "One"));
    let mut mirror = site.mirror().await;
    let taken = site.hand.spoil("broken.ics");
    site.write("later.ics", &single(&site.uid("later"), 2, "Two"));
    site.read(&mut mirror).await.unwrap();
    let mut uids = mirror.uids();
    uids.retain(|uid| *uid == site.uid("good") || *uid == site.uid("later"));
    assert_eq!(uids.len(), 2, "broken one on the server: {taken}");
    let fresh = site.mirror().await;
    let readable = fresh.held.values().filter(|resource| uid_of(&resource.data).is_some()).count();
    assert_eq!(readable, 2, "and in a first reading");
}

pub async fn a_missing_resource_is_none_and_a_missing_calendar_an_error(site: &Site) {
    site.write("a.ics", &single(&site.uid("a"), 1, "One"));
    let mirror = site.mirror().await;
    let href = mirror.with_uid(&site.uid("a")).unwrap().href.clone();
    site.hand.remove("a.ics");
    assert_eq!(site.provider.get(&site.calendar, &href).await.unwrap(), None);
    let gone = CalendarId {
        account: site.calendar.account.clone(),
        collection: ["ones", "missing", "alice"]
            .iter()
            .fold(site.calendar.collection.clone(), |all, part| all.replace(part, "none")),
    };
    assert_ne!(gone, site.calendar);
    let mut mirror = Mirror::default();
    let read = site.provider.changes(&gone, None, &mut mirror).await;
    assert!(read.is_err(), "a calendar that is not there is not an empty one: {read:?}");
    let href = Href::new(href.as_str().replace(&site.calendar.collection, &gone.collection));
    let got = site.provider.get(&gone, &href).await;
    assert!(!matches!(got, Ok(Some(_))), "{got:?}");
}

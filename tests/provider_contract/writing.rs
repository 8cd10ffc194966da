//! Cases of writing: every write is conditional, the other program's edit wins,
//! and what was not meant to change does not.

use onbeat::model::id::{EventUid, Href};
use onbeat::model::plan::Precondition;
use onbeat::provider::{ErrorKind, ProviderError, Write, Written};

use crate::site::{Site, strong};
use crate::text::{self, calendar, changed, creation, meaning, single, weekly};

/// A refusal that says: look again.
fn says_changed(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::PreconditionFailed | ErrorKind::UidExists { .. })
}

async fn create(site: &Site, uid: &str, text: &str) -> Result<Written, ProviderError> {
    let href = site.provider.href_for(&site.calendar, &EventUid::new(uid));
    site.provider.put(&site.calendar, &creation(&href, uid, text), &Precondition::Absent).await
}

pub async fn creating_twice_creates_once(site: &Site) {
    let uid = site.uid("series");
    let text = calendar(&[weekly(&uid, &["DESCRIPTION:first"])]);
    let written = create(site, &uid, &text).await.unwrap();
    let stored = site.get(&written.href).await;
    assert_eq!(meaning(&stored.data), meaning(text.as_bytes()));
    let other = calendar(&[weekly(&uid, &["DESCRIPTION:second"])]);
    let refused = create(site, &uid, &other).await.unwrap_err();
    assert!(says_changed(&refused), "{refused:?}");
    let mirror = site.mirror().await;
    assert_eq!(mirror.held.len(), 1);
    assert_eq!(site.get(&written.href).await, stored, "the first one stands");
}

pub async fn the_same_uid_at_another_address_is_not_a_second_meeting(site: &Site) {
    let uid = site.uid("series");
    site.write("from-elsewhere.ics", &calendar(&[weekly(&uid, &[])]));
    let again = create(site, &uid, &calendar(&[weekly(&uid, &["DESCRIPTION:second"])])).await;
    if site.traits.unique_uids {
        let refused = again.unwrap_err();
        assert!(says_changed(&refused), "{refused:?}");
        assert_eq!(site.mirror().await.held.len(), 1);
    } else {
        // Such a server stores both; the engine looks for the UID before it creates.
        let mut mirror = site.mirror().await;
        assert_eq!(mirror.held.len(), 2);
        let href = again.unwrap().href;
        let tag = site.strong(&href).await;
        site.provider.delete(&site.calendar, &href, &tag).await.unwrap();
        site.read(&mut mirror).await.unwrap();
        assert_eq!(mirror.held.len(), 1);
    }
}

pub async fn an_edit_that_came_first_wins_and_a_retry_on_top_of_it_succeeds(site: &Site) {
    let uid = site.uid("a");
    site.write("a.ics", &single(&uid, 1, "One"));
    let held = site.mirror().await.with_uid(&uid).unwrap().clone();
    site.write("a.ics", &single(&uid, 1, "Edited by a person"));
    let write = text::agenda(&held.href, &uid, "Agenda", &single(&uid, 1, "Stale"));
    let stale = Precondition::Match(strong(&held));
    let refused = site.provider.put(&site.calendar, &write, &stale).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::PreconditionFailed);
    let now = site.get(&held.href).await;
    let text = String::from_utf8(now.data.clone()).unwrap();
    assert!(text.contains("Edited by a person"), "{text}");
    let merged = text.replace("END:VEVENT", "DESCRIPTION:Agenda\r\nEND:VEVENT");
    let write = text::agenda(&held.href, &uid, "Agenda", &merged);
    let fresh = Precondition::Match(strong(&now));
    site.provider.put(&site.calendar, &write, &fresh).await.unwrap();
    let stored = site.hand.read("a.ics").unwrap();
    assert!(
        stored.contains("Edited by a person") && stored.contains("DESCRIPTION:Agenda"),
        "{stored}"
    );
    let again = site.provider.put(&site.calendar, &write, &fresh).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::PreconditionFailed, "a tag is good for one write");
}

pub async fn a_resource_that_is_gone_is_not_brought_back_by_an_update(site: &Site) {
    let uid = site.uid("a");
    site.write("a.ics", &single(&uid, 1, "One"));
    let mut mirror = site.mirror().await;
    let held = mirror.with_uid(&uid).unwrap().clone();
    site.hand.remove("a.ics");
    let write = text::agenda(&held.href, &uid, "Agenda", &single(&uid, 1, "Back"));
    let matching = Precondition::Match(strong(&held));
    let refused = site.provider.put(&site.calendar, &write, &matching).await.unwrap_err();
    let gone = matches!(refused.kind, ErrorKind::PreconditionFailed | ErrorKind::NotFound);
    assert!(gone, "{refused:?}");
    assert_eq!(site.hand.read("a.ics"), None);
    site.read(&mut mirror).await.unwrap();
    assert!(mirror.held.is_empty());
}

pub async fn a_deletion_needs_the_right_tag(site: &Site) {
    let uid = site.uid("a");
    site.write("a.ics", &single(&uid, 1, "One"));
    let held = site.mirror().await.with_uid(&uid).unwrap().clone();
    site.write("a.ics", &single(&uid, 1, "Edited by a person"));
    let delete = |tag| site.provider.delete(&site.calendar, &held.href, tag);
    let stale = strong(&held);
    assert_eq!(delete(&stale).await.unwrap_err().kind, ErrorKind::PreconditionFailed);
    assert!(site.hand.read("a.ics").is_some());
    let fresh = site.strong(&held.href).await;
    delete(&fresh).await.unwrap();
    assert_eq!(site.hand.read("a.ics"), None);
    let again = delete(&fresh).await.unwrap_err();
    assert!(matches!(again.kind, ErrorKind::NotFound | ErrorKind::PreconditionFailed), "{again:?}");
}

pub async fn nothing_is_written_onto_a_calendar_or_outside_of_it(site: &Site) {
    site.write("a.ics", &single(&site.uid("a"), 1, "One"));
    site.write("b.ics", &single(&site.uid("b"), 2, "Two"));
    let mirror = site.mirror().await;
    let tag = strong(mirror.with_uid(&site.uid("a")).unwrap());
    let collection = site.calendar.collection.clone();
    let bare = collection.trim_end_matches('/').to_owned();
    let mut targets = vec![
        collection.clone(),
        bare.clone(),
        String::new(),
        "/".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "./".to_owned(),
        format!("{collection}../x.ics"),
        format!("{collection}%2e%2e/x.ics"),
        format!("{bare}-elsewhere/x.ics"),
        "http://127.0.0.1:9/x.ics".to_owned(),
        "//127.0.0.1:9/x.ics".to_owned(),
    ];
    if let Some(server) = site.server {
        targets.push(format!("{}x.ics", server.default_calendar("bob")));
    }
    for target in targets {
        let href = Href::new(target.clone());
        let uid = site.uid("x");
        let write: Write = creation(&href, &uid, &single(&uid, 3, "Three"));
        for precondition in [Precondition::Absent, Precondition::Match(tag.clone())] {
            let put = site.provider.put(&site.calendar, &write, &precondition).await;
            assert!(put.is_err(), "a write onto {target:?} went through: {put:?}");
        }
        let gone = site.provider.delete(&site.calendar, &href, &tag).await;
        assert!(gone.is_err(), "a deletion of {target:?} went through");
    }
    let after = site.mirror().await;
    assert_eq!(after.held, mirror.held, "every resource is as it was");
}

pub async fn an_agenda_on_one_occurrence_keeps_its_siblings(site: &Site) {
    let uid = site.uid("series");
    let alarm =
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:soon\r\nTRIGGER:-PT10M\r\nEND:VALARM";
    let master =
        weekly(&uid, &["X-OTHER-PROGRAM;X-P=1:kept", "LOCATION:Room 1\\, upstairs", alarm]);
    let siblings = [
        changed(&uid, 14, &["DESCRIPTION:moved by a person", "X-OTHER-PROGRAM:too"]),
        changed(&uid, 21, &["DESCRIPTION:old agenda"]),
        changed(&uid, 28, &["LOCATION:Room 2"]),
    ];
    let all = [&[master.clone()][..], &siblings[..]].concat();
    site.write("series.ics", &calendar(&all));
    let before = site.mirror().await.with_uid(&uid).unwrap().clone();
    let text = String::from_utf8(before.data.clone()).unwrap();
    let edited = text.replace("old agenda", "new agenda");
    assert_ne!(edited, text);
    let write = text::agenda(&before.href, &uid, "new agenda", &edited);
    let matching = Precondition::Match(strong(&before));
    site.provider.put(&site.calendar, &write, &matching).await.unwrap();
    let after = site.get(&before.href).await;
    if site.traits.keeps_bytes {
        assert_eq!(String::from_utf8_lossy(&after.data), edited);
    }
    let (was, is) = (meaning(&before.data), meaning(&after.data));
    assert_eq!(was.keys().collect::<Vec<_>>(), is.keys().collect::<Vec<_>>());
    assert_eq!(is.len(), 4);
    for (id, lines) in &was {
        if id.contains("20300121") {
            assert!(is[id].contains("DESCRIPTION:new agenda"), "{:?}", is[id]);
        } else {
            assert_eq!(&is[id], lines, "{id}");
        }
    }
}

pub async fn the_tag_read_back_is_the_tag_listed(site: &Site) {
    let mut mirror = site.mirror().await;
    let uid = site.uid("series");
    let text = calendar(&[weekly(&uid, &["DESCRIPTION:first"])]);
    let written = create(site, &uid, &text).await.unwrap();
    let back = site.get(&written.href).await;
    site.read(&mut mirror).await.unwrap();
    let listed = mirror.with_uid(&uid).unwrap();
    assert_eq!(listed.href, written.href, "one resource, one address");
    assert_eq!((&listed.etag, &listed.data), (&back.etag, &back.data));
}

pub async fn a_new_resource_gets_a_harmless_address(site: &Site) {
    let long = format!("{}@tests", "u".repeat(300));
    let odd = ["../../x", "a/b", "a b?c#d", "", "größe", "x%2fy", long.as_str()];
    let mut hrefs = Vec::new();
    for uid in odd {
        let href = site.provider.href_for(&site.calendar, &EventUid::new(uid));
        let last = href.as_str().rsplit('/').next().unwrap_or("").to_owned();
        let harmless = |c: char| c.is_ascii_alphanumeric() || "-._~@%".contains(c);
        let ends = last.ends_with(site.traits.ending);
        assert!(ends && last.len() < 255 && last.chars().all(harmless), "{href}");
        assert_eq!(href, site.provider.href_for(&site.calendar, &EventUid::new(uid)));
        hrefs.push(href);
    }
    hrefs.sort();
    hrefs.dedup();
    assert_eq!(hrefs.len(), odd.len(), "two UIDs with one address");
    let uid = format!("{}/{}", site.uid("slash"), "größe");
    let text = single(&uid, 1, "One");
    let written = create(site, &uid, &text).await.unwrap();
    assert_eq!(meaning(&site.get(&written.href).await.data), meaning(text.as_bytes()));
}

//! PROPFIND Depth:1 of entity tags (RFC 4918 §9.1): the full listing every other
//! way of detecting changes is measured by. Bytes and rows only.

use std::collections::HashMap;

use url::Url;

use crate::model::id::{Etag, Href};
use crate::provider::caldav::href::{Place, name, place};
use crate::provider::caldav::multistatus::Row;
use crate::provider::http::request::{Read, ReadMethod, printable};

/// Notes about hrefs that are none of the calendar's; more are counted only.
const MAX_NOTES: usize = 20;

/// A member and the tag it has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As the server writes it.
    pub href: Href,
    /// `None`: the server did not say; the member is fetched.
    pub etag: Option<Etag>,
}

/// What a listing or a sync report says, in the server's order.
#[derive(Debug, Default)]
pub struct Listing {
    /// Members by decoded name.
    index: HashMap<String, usize>,
    /// New, changed or all members; a name stands once.
    pub members: Vec<Member>,
    /// Members reported as gone (404, 410, 418 rows).
    pub removed: Vec<Href>,
    /// Members the server could not say anything about, with the status.
    pub failed: Vec<(Href, u16)>,
    /// Rows that are none of this calendar's, as (href, why).
    pub foreign: Vec<(Href, String)>,
    /// Foreign rows beyond the notes.
    pub more_foreign: usize,
    /// The collection itself was among the rows, as it must be in a listing.
    pub names_itself: bool,
    /// The row of the collection itself says that it is not there: Xandikos answers
    /// 207 so, where others answer 404.
    pub is_missing: bool,
    /// The server cut the listing (507 on the collection, RFC 6578 §3.6).
    pub truncated: bool,
}

impl Listing {
    /// Takes one row. `reports_removals`: a 404 row means that a member is gone, as
    /// in a sync report; in a listing it contradicts itself and means nothing.
    pub fn take(&mut self, collection: &Url, row: &Row, reports_removals: bool) {
        let status = row.overall();
        let member = match place(collection, &row.href) {
            Place::Itself => {
                self.names_itself = true;
                self.is_missing |= matches!(row.status, Some(404 | 410));
                self.truncated |= row.status == Some(507);
                return;
            }
            Place::Below => return,
            Place::Foreign(why) if self.foreign.len() < MAX_NOTES => {
                self.foreign.push((Href::new(printable(&row.href)), why));
                return;
            }
            Place::Foreign(_) => {
                self.more_foreign += 1;
                return;
            }
            Place::Member(member) => member,
        };
        if row.is_collection() {
            return;
        }
        let href = Href::new(row.href.clone());
        let gone = matches!(row.status, Some(404 | 410 | 418));
        if gone && reports_removals {
            self.removed.push(href);
        } else if row.status.is_some_and(|status| status >= 300) {
            self.failed.push((href, status));
        } else {
            self.remember(&name(&member), Member { href, etag: row.etag() });
        }
    }

    /// Adds the next page.
    pub fn absorb(&mut self, collection: &Url, page: Self) {
        for member in page.members {
            if let Place::Member(url) = place(collection, member.href.as_str()) {
                self.remember(&name(&url), member);
            }
        }
        self.removed.extend(page.removed);
        self.failed.extend(page.failed);
        let room = MAX_NOTES.saturating_sub(self.foreign.len());
        self.more_foreign += page.more_foreign + page.foreign.len().saturating_sub(room);
        self.foreign.extend(page.foreign.into_iter().take(room));
        self.names_itself |= page.names_itself;
        self.truncated = page.truncated;
    }

    fn remember(&mut self, name: &str, member: Member) {
        match self.index.get(name).and_then(|at| self.members.get_mut(*at)) {
            // The later of two rows is the newer truth.
            Some(known) => known.etag = member.etag,
            None => {
                self.index.insert(name.to_owned(), self.members.len());
                self.members.push(member);
            }
        }
    }

    /// Removals that no other row contradicts: some servers report a member as
    /// removed and changed in one answer, and then it is there.
    pub fn settled_removals(&self, collection: &Url) -> Vec<Href> {
        let still_there = |href: &&Href| match place(collection, href.as_str()) {
            Place::Member(member) => !self.index.contains_key(&name(&member)),
            Place::Itself | Place::Below | Place::Foreign(_) => false,
        };
        let mut gone: Vec<Href> = self.removed.iter().filter(still_there).cloned().collect();
        gone.sort();
        gone.dedup();
        gone
    }
}

/// The request.
pub fn request(collection: Url) -> Read {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
        <propfind xmlns=\"DAV:\"><prop><getetag/><resourcetype/></prop></propfind>";
    Read::xml(ReadMethod::Propfind, collection, "1", body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::caldav::multistatus::rows_of;

    fn cal() -> Url {
        Url::parse("https://dav.example.org/alice/cal/").unwrap()
    }

    fn listing(rows: &str, reports_removals: bool) -> Listing {
        let body = format!("<multistatus xmlns='DAV:'>{rows}</multistatus>");
        let mut listing = Listing::default();
        for row in rows_of(&body).0 {
            listing.take(&cal(), &row, reports_removals);
        }
        listing
    }

    fn ok(href: &str, etag: &str) -> String {
        format!(
            "<response><href>{href}</href><propstat><prop><getetag>{etag}</getetag><resourcetype/></prop>\
             <status>HTTP/1.1 200 OK</status></propstat></response>"
        )
    }

    fn status(href: &str, status: u16) -> String {
        format!("<response><href>{href}</href><status>HTTP/1.1 {status} x</status></response>")
    }

    #[test]
    fn the_collection_and_folders_are_no_members() {
        let rows = [
            ok("/alice/cal/", "\"c\""),
            ok("/alice/cal", "\"c\""),
            ok("/alice/cal/folder/", "\"f\""),
            ok("/alice/cal/a.ics", "\"1\""),
        ];
        let found = listing(&rows.concat(), false);
        assert_eq!(
            found.members,
            [Member { href: "/alice/cal/a.ics".into(), etag: Etag::new("\"1\"") }]
        );
        let nested = "<response><href>/alice/cal/sub</href><propstat><prop><resourcetype><collection/></resourcetype>\
            </prop><status>HTTP/1.1 200 OK</status></propstat></response>";
        assert!(listing(nested, false).members.is_empty());
    }

    #[test]
    fn a_calendar_that_says_it_is_not_there_is_not_an_empty_one() {
        assert!(listing(&status("/alice/cal/", 404), false).is_missing);
        assert!(!listing(&status("/alice/cal/a.ics", 404), false).is_missing);
        assert!(!listing(&ok("/alice/cal/", "\"c\""), false).is_missing);
    }

    #[test]
    fn one_name_is_one_member_in_any_spelling() {
        let rows = [
            ok("/alice/cal/a%40b.ics", "\"1\""),
            ok("/alice/cal/a@b.ics", "\"2\""),
            ok("https://dav.example.org/alice/cal/a%40b.ics", "\"3\""),
        ];
        let found = listing(&rows.concat(), false);
        assert_eq!(found.members.len(), 1);
        assert_eq!(found.members[0].href.as_str(), "/alice/cal/a%40b.ics");
        assert_eq!(found.members[0].etag, Etag::new("\"3\""));
    }

    #[test]
    fn hrefs_keep_their_text() {
        for href in [
            "/alice/cal/a%20b.ics",
            "/alice/cal/%E4%B8%AD.ics",
            "/alice/cal/中.ics",
            "https://dav.example.org/alice/cal/x.ics",
        ] {
            assert_eq!(listing(&ok(href, "\"1\""), false).members[0].href.as_str(), href);
        }
    }

    #[test]
    fn foreign_rows_are_noted_not_followed() {
        let rows: String =
            (0..50).map(|n| ok(&format!("https://evil.example/{n}.ics"), "\"1\"")).collect();
        let found = listing(
            &(rows + &ok("/alice/cal/../bob/x.ics", "\"1\"") + &ok("file:///etc/passwd", "\"1\"")),
            false,
        );
        assert!(found.members.is_empty());
        assert_eq!((found.foreign.len(), found.more_foreign), (MAX_NOTES, 32));
    }

    #[test]
    fn gone_rows_mean_removal_in_a_report_only() {
        let rows = [404, 410, 418].map(|s| status(&format!("/alice/cal/{s}.ics"), s)).concat();
        assert_eq!(listing(&rows, true).settled_removals(&cal()).len(), 3);
        let contradiction = listing(&rows, false);
        assert!(contradiction.removed.is_empty() && contradiction.failed.len() == 3);
    }

    #[test]
    fn removed_and_changed_at_once_is_there() {
        let rows = [
            status("/alice/cal/a@b.ics", 404),
            ok("/alice/cal/a%40b.ics", "\"2\""),
            status("/alice/cal/c.ics", 404),
            status("/alice/cal/c.ics", 404),
        ];
        let found = listing(&rows.concat(), true);
        assert_eq!(found.settled_removals(&cal()), [Href::new("/alice/cal/c.ics")]);
        assert_eq!(found.members.len(), 1);
    }

    #[test]
    fn a_507_of_the_collection_is_a_cut_and_of_a_member_is_not() {
        assert!(listing(&status("/alice/cal/", 507), true).truncated);
        let found = listing(&status("/alice/cal/a.ics", 507), true);
        assert!(!found.truncated && found.failed == [("/alice/cal/a.ics".into(), 507)]);
    }

    #[test]
    fn a_member_without_tag_stays_a_member() {
        let rows = "<response><href>/alice/cal/a.ics</href><propstat><prop><getetag/></prop>\
            <status>HTTP/1.1 404 Not Found</status></propstat></response>\
            <response><href>/alice/cal/b.ics</href></response>";
        let found = listing(rows, true);
        assert_eq!(found.members.iter().map(|m| m.etag.clone()).collect::<Vec<_>>(), [None, None]);
    }
}

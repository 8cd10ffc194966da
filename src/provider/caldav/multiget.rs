//! The calendar-multiget report (RFC 4791 §7.9): entity tag and text of named
//! members together. Rows only; who fills the gaps is said in `fetch`.

use std::collections::BTreeMap;

use url::Url;

use crate::model::id::{Etag, Href};
use crate::provider::caldav::get::{self, Defect};
use crate::provider::caldav::href::{Place, name, place};
use crate::provider::caldav::list::Member;
use crate::provider::caldav::multistatus::Row;
use crate::provider::caldav::xml::Ns;
use crate::provider::http::request::{Read, ReadMethod};

/// Members asked for in one request.
pub const BATCH: usize = 50;
/// The size of an answer one request aims at.
pub const AIM: usize = 4 << 20;

/// The request for some members.
pub fn request<'a>(collection: Url, hrefs: impl Iterator<Item = &'a Href>) -> Read {
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <C:calendar-multiget xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
         <prop><getetag/><C:calendar-data/></prop>",
    );
    for href in hrefs {
        body.push_str("<href>");
        body.push_str(&quick_xml::escape::escape(href.as_str()));
        body.push_str("</href>");
    }
    body.push_str("</C:calendar-multiget>");
    Read::xml(ReadMethod::Report, collection, "1", body)
}

/// What one row gives for a member that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// Its text and the tag of exactly that text.
    Data(Href, Etag, Vec<u8>),
    /// It is too large to be kept.
    TooLarge(Href),
}

/// The members asked for and not yet answered, by decoded name: servers leave some
/// out, repeat some, and answer in another spelling or order.
#[derive(Debug, Default)]
pub struct Awaited(BTreeMap<String, Member>);

impl Awaited {
    /// Members of a collection; one that is none is left out.
    pub fn new(collection: &Url, members: impl IntoIterator<Item = Member>) -> Self {
        let named = |member: Member| match place(collection, member.href.as_str()) {
            Place::Member(url) => Some((name(&url), member)),
            Place::Itself | Place::Below | Place::Foreign(_) => None,
        };
        Self(members.into_iter().filter_map(named).collect())
    }

    /// What is still missing.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.0.values()
    }

    /// Whether all are answered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a row. One without tag or whole text leaves the member missing; a row
    /// nobody asked for is ignored.
    pub fn take(&mut self, collection: &Url, mut row: Row) -> Option<Got> {
        let Place::Member(url) = place(collection, &row.href) else { return None };
        let key = name(&url);
        if !self.0.contains_key(&key) {
            return None;
        }
        let etag = row.etag()?;
        let data = row.take(Ns::CalDav, "calendar-data")?;
        if data.overflow {
            return self.0.remove(&key).map(|member| Got::TooLarge(member.href));
        }
        match get::defect(data.text.as_bytes()) {
            Some(Defect::Incomplete | Defect::Foreign) => None,
            None => {
                let member = self.0.remove(&key)?;
                Some(Got::Data(member.href, etag, data.text.into_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::caldav::multistatus::rows_of;

    const ICS: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";

    fn cal() -> Url {
        Url::parse("https://dav.example.org/cal/").unwrap()
    }

    fn member(href: &str) -> Member {
        Member { href: href.into(), etag: Etag::new("\"old\"") }
    }

    fn answer(awaited: &mut Awaited, rows: &str) -> Vec<Got> {
        let body = format!(
            "<multistatus xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>{rows}</multistatus>"
        );
        rows_of(&body).0.into_iter().filter_map(|row| awaited.take(&cal(), row)).collect()
    }

    fn row(href: &str, etag: &str, data: &str) -> String {
        format!(
            "<response><href>{href}</href><propstat><prop><getetag>{etag}</getetag><C:calendar-data>{data}</C:calendar-data>\
             </prop><status>HTTP/1.1 200 OK</status></propstat></response>"
        )
    }

    #[test]
    fn hrefs_are_sent_as_the_server_wrote_them() {
        let hrefs = [Href::new("/cal/a%40b.ics"), Href::new("/cal/a&b ü.ics")];
        let body = request(cal(), hrefs.iter()).body.unwrap();
        assert!(body.contains("<href>/cal/a%40b.ics</href><href>/cal/a&amp;b ü.ics</href>"));
    }

    #[test]
    fn text_comes_with_the_tag_of_the_same_row_under_the_listed_href() {
        let mut awaited = Awaited::new(&cal(), [member("/cal/a%40b.ics")]);
        let got = answer(&mut awaited, &row("https://dav.example.org/cal/a@b.ics", "\"new\"", ICS));
        assert_eq!(
            got,
            [Got::Data("/cal/a%40b.ics".into(), Etag::new("\"new\"").unwrap(), ICS.into())]
        );
        assert!(awaited.is_empty());
    }

    #[test]
    fn duplicates_and_strangers_are_ignored_and_gaps_stay() {
        let mut awaited = Awaited::new(
            &cal(),
            ["a", "b", "c", "d", "e"].map(|n| member(&format!("/cal/{n}.ics"))),
        );
        let rows = [
            row("/cal/a.ics", "\"1\"", ICS),
            row("/cal/a.ics", "\"1\"", ICS),
            row("/cal/x.ics", "\"1\"", ICS),
            row("/other/b.ics", "\"1\"", ICS),
            row("/cal/c.ics", "", ICS),
            row("/cal/d.ics", "\"1\"", "BEGIN:VCALENDAR\r\nBEGIN:VEV"),
            "<response><href>/cal/e.ics</href><status>HTTP/1.1 404 Not Found</status></response>"
                .into(),
        ];
        assert_eq!(answer(&mut awaited, &rows.concat()).len(), 1);
        let missing: Vec<&str> = awaited.members().map(|m| m.href.as_str()).collect();
        assert_eq!(missing, ["/cal/b.ics", "/cal/c.ics", "/cal/d.ics", "/cal/e.ics"]);
    }

    #[test]
    fn a_404_inside_a_propstat_is_a_gap() {
        // caldav-adapter 9 answers so for a member that is gone.
        let mut awaited = Awaited::new(&cal(), [member("/cal/a.ics")]);
        let rows = "<response><href>/cal/a.ics</href><propstat><prop><getetag/><C:calendar-data/></prop>\
            <status>HTTP/1.1 404 Not Found</status></propstat></response>";
        assert!(answer(&mut awaited, rows).is_empty() && !awaited.is_empty());
    }
}

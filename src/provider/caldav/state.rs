//! PROPFIND Depth:0 of a calendar: its change tag and sync token (RFC 6578 §4) and
//! whether it answers the sync report. Rows only.

use url::Url;

use crate::provider::caldav::cursor::Mark;
use crate::provider::caldav::multistatus::Row;
use crate::provider::caldav::xml::{Element, Ns};
use crate::provider::http::request::{Read, ReadMethod};

/// What a calendar says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// `DAV:sync-token`.
    pub token: Option<String>,
    /// `CS:getctag`.
    pub ctag: Option<String>,
    /// `DAV:supported-report-set` names sync-collection.
    pub reports_changes: bool,
    /// It says it is a collection, or nothing of the kind.
    pub is_collection: bool,
}

impl State {
    /// From the calendar's own row.
    pub fn read(row: &Row) -> Self {
        let text = |ns, name| {
            let text = row.prop(ns, name).map(|p| p.trimmed().to_owned());
            text.filter(|text| !text.is_empty())
        };
        let reports = row.prop(Ns::Dav, "supported-report-set");
        Self {
            token: text(Ns::Dav, "sync-token"),
            ctag: text(Ns::CalendarServer, "getctag"),
            reports_changes: reports
                .is_some_and(|set: &Element| set.contains(Ns::Dav, "sync-collection")),
            is_collection: row.prop(Ns::Dav, "resourcetype").is_none() || row.is_collection(),
        }
    }

    /// How the next reading can start. `trusted`: the server's sync report is known
    /// to tell of removals.
    pub fn mark(&self, trusted: bool) -> Mark {
        match (&self.token, &self.ctag) {
            (Some(token), _) if trusted && self.reports_changes => Mark::Token(token.clone()),
            (_, Some(tag)) | (Some(tag), None) => Mark::Tag(tag.clone()),
            (None, None) => Mark::List,
        }
    }

    /// Whether nothing has changed since this tag was the calendar's.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.ctag.as_ref().or(self.token.as_ref()).is_some_and(|now| now == tag)
    }
}

/// The request.
pub fn request(collection: Url) -> Read {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
        <propfind xmlns=\"DAV:\" xmlns:S=\"http://calendarserver.org/ns/\"><prop><resourcetype/>\
        <sync-token/><S:getctag/><supported-report-set/></prop></propfind>";
    Read::xml(ReadMethod::Propfind, collection, "0", body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::caldav::multistatus::rows_of;

    fn state(props: &str) -> State {
        let body = format!(
            "<d:multistatus xmlns:d='DAV:' xmlns:cs='http://calendarserver.org/ns/'><d:response><d:href>/c/</d:href>\
             <d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
        );
        State::read(&rows_of(&body).0[0])
    }

    const SYNC: &str = "<d:supported-report-set><d:supported-report><d:report><d:sync-collection/></d:report>\
        </d:supported-report></d:supported-report-set>";

    #[test]
    fn the_ladder_goes_down_from_token_to_tag_to_listing() {
        let token = "<d:sync-token>t</d:sync-token>";
        let ctag = "<cs:getctag>c</cs:getctag>";
        let full = state(&format!("{token}{ctag}{SYNC}"));
        assert_eq!(full.mark(true), Mark::Token("t".into()));
        assert_eq!(full.mark(false), Mark::Tag("c".into()));
        assert_eq!(state(&format!("{token}{ctag}")).mark(true), Mark::Tag("c".into()));
        assert_eq!(state(token).mark(true), Mark::Tag("t".into()));
        assert_eq!(state(&format!("{ctag}{SYNC}")).mark(true), Mark::Tag("c".into()));
        assert_eq!(state("").mark(true), Mark::List);
        assert_eq!(state("<cs:getctag/>").mark(true), Mark::List);
    }

    #[test]
    fn a_tag_is_compared_with_what_it_was_taken_from() {
        let both = state("<d:sync-token>t</d:sync-token><cs:getctag>c</cs:getctag>");
        assert!(both.has_tag("c") && !both.has_tag("t"));
        assert!(state("<d:sync-token>t</d:sync-token>").has_tag("t"));
        assert!(!state("").has_tag(""));
    }
}

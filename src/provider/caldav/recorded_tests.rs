//! Tests on bodies recorded from Radicale 3.9.0, Xandikos 0.4.10 and Cyrus 3.6.1:
//! the same account and the same event on each, read by the same code.

use url::Url;

use crate::model::id::{Address, Etag, Href, SyncToken};
use crate::model::plan::Precondition;
use crate::model::time::Window;
use crate::provider::caldav::cursor::{Cursor, Mark};
use crate::provider::caldav::discover::{Entry, Found, Principal};
use crate::provider::caldav::list::{Listing, Member};
use crate::provider::caldav::multiget::{Awaited, Got};
use crate::provider::caldav::multistatus::{Refusal, rows_of};
use crate::provider::caldav::put::{Answered, outcome};
use crate::provider::caldav::state::State;
use crate::provider::caldav::sync_collection::token_refused;
use crate::provider::caldav::vfreebusy::responses;
use crate::provider::error::ErrorKind;

/// What one server answered.
struct Recorded {
    name: &'static str,
    /// The calendar's address.
    calendar: &'static str,
    /// How the server writes the member it was given as `a%40b.ics`.
    member: &'static str,
    principal: &'static str,
    home: &'static str,
    address: Option<&'static str>,
    /// The status that came with a UID that is taken.
    conflict: u16,
    says_where: bool,
    bodies: [&'static str; 10],
}

macro_rules! bodies {
    ($server:literal) => {
        [
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/entry.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/principal.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/home.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/state.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/list.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/sync.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/sync-removed.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/bad-token.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/multiget.xml")),
            include_str!(concat!("../../../tests/fixtures/dav/", $server, "/uid-taken.xml")),
        ]
    };
}

fn servers() -> [Recorded; 3] {
    [
        Recorded {
            name: "Radicale",
            calendar: "/bob/calendar/",
            member: "/bob/calendar/a%40b.ics",
            principal: "/bob/",
            home: "/bob/",
            address: None,
            conflict: 409,
            says_where: false,
            bodies: bodies!("radicale"),
        },
        Recorded {
            name: "Xandikos",
            calendar: "/bob/calendars/calendar/",
            member: "/bob/calendars/calendar/a@b.ics",
            principal: "/bob/",
            home: "/bob/calendars/",
            address: Some("bob@example.test"),
            conflict: 412,
            says_where: false,
            bodies: bodies!("xandikos"),
        },
        Recorded {
            name: "Cyrus",
            calendar: "/dav/calendars/user/bob/Default/",
            member: "/dav/calendars/user/bob/Default/a@b.ics",
            principal: "/dav/principals/user/bob/",
            home: "/dav/calendars/user/bob/",
            address: Some("bob@example.test"),
            conflict: 403,
            says_where: true,
            bodies: bodies!("cyrus"),
        },
    ]
}

impl Recorded {
    fn url(&self) -> Url {
        Url::parse("http://127.0.0.1/").unwrap().join(self.calendar).unwrap()
    }

    fn listing(&self, body: &str, reports_removals: bool) -> (Listing, Option<String>) {
        let (rows, token) = rows_of(body);
        let mut listing = Listing::default();
        rows.iter().for_each(|row| listing.take(&self.url(), row, reports_removals));
        (listing, token)
    }
}

#[test]
fn discovery() {
    for server in servers() {
        let [entry, principal, home, ..] = server.bodies;
        let entry = Entry::read(&rows_of(entry).0[0]);
        assert_eq!(entry.principal.as_deref(), Some(server.principal), "{}", server.name);
        let principal = Principal::read(&rows_of(principal).0[0]);
        assert_eq!(principal.homes, [server.home], "{}", server.name);
        assert_eq!(principal.addresses, server.address.map(Address::new).as_slice());
        assert_eq!(principal.outbox.is_some(), server.name != "Radicale");
        let found: Vec<Found> = rows_of(home).0.iter().filter_map(Found::read).collect();
        let hrefs: Vec<&str> = found.iter().map(|f| f.href.as_str()).collect();
        assert_eq!(hrefs, [server.calendar], "{}", server.name);
        assert!(found[0].writable && found[0].opaque && found[0].reports_changes);
    }
}

#[test]
fn states_listings_and_reports() {
    for server in servers() {
        let [_, _, _, state, list, sync, removed, ..] = server.bodies;
        let state = State::read(&rows_of(state).0[0]);
        let Mark::Token(token) = state.mark(true) else { panic!("{}", server.name) };
        let (listing, _) = server.listing(list, false);
        assert!(listing.names_itself && listing.foreign.is_empty() && listing.failed.is_empty());
        let hrefs: Vec<&str> = listing.members.iter().map(|m| m.href.as_str()).collect();
        assert_eq!(hrefs, [server.member], "{}", server.name);
        let (report, next) = server.listing(sync, true);
        assert_eq!(report.members, listing.members, "{}", server.name);
        assert!(!report.truncated && report.removed.is_empty());
        assert_eq!(next.as_ref(), Some(&token), "{}", server.name);
        let cursor = Cursor { mark: Mark::Token(token.clone()), retry: Vec::new() };
        assert_eq!(cursor.token(), Some(SyncToken::new(token)));
        let (report, next) = server.listing(removed, true);
        assert!(report.members.is_empty());
        assert_eq!(report.settled_removals(&server.url()), [Href::new(server.member)]);
        assert!(next.is_some());
    }
}

#[test]
fn multiget_gives_the_text_byte_for_byte() {
    for server in servers() {
        let [.., multiget, _] = server.bodies;
        let wanted =
            [server.member, &server.member.replace("a%40b", "gone").replace("a@b", "gone")]
                .map(|href| Member { href: Href::new(href), etag: None });
        let mut awaited = Awaited::new(&server.url(), wanted);
        let got: Vec<Got> = rows_of(multiget)
            .0
            .into_iter()
            .filter_map(|row| awaited.take(&server.url(), row))
            .collect();
        let [Got::Data(href, etag, data)] = got.as_slice() else { panic!("{}", server.name) };
        assert_eq!((href.as_str(), etag.strong().is_some()), (server.member, true));
        let text = std::str::from_utf8(data).unwrap();
        assert!(text.contains("\r\nSUMMARY:1:1 <Bob & Zoë>\r\n"), "{}: {text}", server.name);
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{}", server.name);
        assert_eq!(awaited.members().count(), 1);
    }
}

#[test]
fn refusals() {
    for server in servers() {
        let [.., bad_token, _, uid_taken] = server.bodies;
        assert!(token_refused(&Refusal::read(bad_token.as_bytes())), "{}", server.name);
        let refusal = Refusal::read(uid_taken.as_bytes());
        let answer = Answered { status: server.conflict, refusal, ..Answered::default() };
        let outcome = outcome(&Href::new("x.ics"), &Precondition::Absent, &answer);
        let href = server.says_where.then(|| server.member.to_owned());
        assert_eq!(outcome, Err(ErrorKind::UidExists { href }), "{}", server.name);
    }
}

#[test]
fn free_busy_of_others() {
    let monday = Window::new(
        "2027-01-04T00:00:00Z".parse().unwrap(),
        "2027-01-05T00:00:00Z".parse().unwrap(),
    );
    let cyrus = include_str!("../../../tests/fixtures/dav/cyrus/free-busy.xml");
    let [carol, nobody] = responses(cyrus.as_bytes()).unwrap().try_into().unwrap();
    assert_eq!(carol.recipient, Address::new("carol@example.test"));
    assert_eq!(carol.busy(monday), Ok(Vec::new()));
    assert!(nobody.busy(monday).is_err());
    let xandikos = include_str!("../../../tests/fixtures/dav/xandikos/free-busy.xml");
    for response in responses(xandikos.as_bytes()).unwrap() {
        assert!(response.busy(monday).unwrap_err().contains("3.8"));
    }
}

#[test]
fn a_tag_of_each_server_may_guard_a_write() {
    for server in servers() {
        let (listing, _) = server.listing(server.bodies[4], false);
        let strong = listing.members[0].etag.as_ref().and_then(Etag::strong);
        assert!(strong.is_some(), "{}", server.name);
    }
}

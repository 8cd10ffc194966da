//! Sites on real CalDAV servers: a fresh calendar of alice's, seen by the provider
//! through the proxy and by the other program directly.

use std::fs;
use std::time::Duration;

use onbeat::model::id::AccountId;
use onbeat::model::server::MailEngine;
use onbeat::provider::CalendarProvider;
use onbeat::provider::caldav::{CalDav, CalDavConfig};
use onbeat::provider::http::auth::Auth;
use onbeat::provider::http::retry::RetryPolicy;
use onbeat::provider::http::secret::Secret;

use crate::people::declined;
use crate::site::{Hand, Site, Traits};
use crate::support::mirror::{has_uid, unfold};
use crate::support::proxy::Proxy;
use crate::support::servers::{Kind, Server, password, shared};

/// Radicale: schedules nothing, knows nobody's time.
pub async fn radicale(case: &str) -> Option<Site> {
    let traits = Traits {
        keeps_bytes: false,
        unique_uids: true,
        schedules: false,
        answers_per_occurrence: true,
        free_busy: false,
        overrides_at_once: true,
        verbs: ("REPORT", "PUT"),
        ending: ".ics",
        engine: MailEngine::None,
    };
    site(Kind::Radicale, case, traits).await
}

/// Xandikos: carries invitations; its free/busy answers about others are errors. It
/// puts an answer on every component of the event, the last one's on all, and only
/// in the calendar every user has.
pub async fn xandikos(case: &str) -> Option<Site> {
    let traits = Traits {
        keeps_bytes: false,
        unique_uids: true,
        schedules: true,
        answers_per_occurrence: false,
        free_busy: false,
        overrides_at_once: true,
        verbs: ("REPORT", "PUT"),
        ending: ".ics",
        engine: MailEngine::Xandikos,
    };
    site(Kind::Xandikos, case, traits).await
}

/// Cyrus: everything RFC 6638 has.
pub async fn cyrus(case: &str) -> Option<Site> {
    let traits = Traits {
        keeps_bytes: false,
        unique_uids: true,
        schedules: true,
        answers_per_occurrence: true,
        free_busy: true,
        overrides_at_once: true,
        verbs: ("REPORT", "PUT"),
        ending: ".ics",
        engine: MailEngine::Cyrus,
    };
    site(Kind::Cyrus, case, traits).await
}

/// A provider for a user at an address. It waits briefly: the servers are here.
fn provider(url: &str, user: &str, password: &str) -> Box<dyn CalendarProvider> {
    let auth = Auth::Basic { user: user.to_owned(), password: Secret::new(password) };
    let mut config =
        CalDavConfig::new(AccountId::new("site"), url.parse().expect("an address"), auth);
    let base = Duration::from_millis(1);
    config.retry = RetryPolicy { attempts: 2, base, patience: Duration::ZERO };
    Box::new(CalDav::new(config).expect("a loopback address is allowed"))
}

/// The address a person would type, by way of a port.
fn through(server: &Server, port: u16) -> String {
    server.url().replacen(&format!(":{}/", server.port), &format!(":{port}/"), 1)
}

async fn site(kind: Kind, case: &str, traits: Traits) -> Option<Site> {
    let server = shared(kind)?;
    let name = case.replace('_', "-");
    let collection = server.new_calendar("alice", &name);
    let named = format!(
        "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><D:displayname>1:1s &amp; {name}</D:displayname>\
         </D:prop></D:set></D:propertyupdate>"
    );
    server.dav("alice", "PROPPATCH", &collection, &[], named.as_bytes());
    let proxy = Proxy::start(Some(server.port));
    let address = through(server, proxy.port);
    let stranger = Some(provider(&address, "alice", "not hers"));
    let provider = provider(&address, "alice", &password("alice"));
    let calendar_name = format!("1:1s & {name}");
    let found =
        provider.calendars().await.unwrap_or_else(|e| panic!("discovery on {kind:?}: {e:?}"));
    let own = found.iter().find(|info| info.name == calendar_name);
    let own = own.unwrap_or_else(|| panic!("{calendar_name} is not in {found:?}"));
    let default = server.default_calendar("alice");
    let invitations = found.iter().find(|info| info.id.collection.ends_with(&default));
    Some(Site {
        calendar: own.id.clone(),
        invitations: invitations.expect("everybody has one").id.clone(),
        provider,
        calendar_name,
        hand: Box::new(DavHand { server, collection }),
        traits,
        tag: name,
        server: Some(server),
        stranger,
        proxy: Some(proxy),
        _folder: None,
    })
}

/// Requests of a client of its own.
struct DavHand {
    server: &'static Server,
    collection: String,
}

impl DavHand {
    fn path(&self, name: &str) -> String {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~@".contains(b);
        let encode =
            |b: u8| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        format!("{}{}", self.collection, name.bytes().map(encode).collect::<String>())
    }
}

impl Hand for DavHand {
    fn try_write(&self, name: &str, text: &str) -> bool {
        let put = self.server.dav("alice", "PUT", &self.path(name), &[], text.as_bytes());
        matches!(put.status, 200..=204)
    }

    fn remove(&self, name: &str) {
        let gone = self.server.dav("alice", "DELETE", &self.path(name), &[], b"");
        assert!(matches!(gone.status, 200..=204), "DELETE {name}: {}", gone.status);
    }

    fn read(&self, name: &str) -> Option<String> {
        let got = self.server.dav("alice", "GET", &self.path(name), &[], b"");
        (got.status == 200).then(|| got.text())
    }

    fn spoil(&self, name: &str) -> bool {
        match self.server.kind {
            // Radicale checks what is sent, not what lies on its disk.
            Kind::Radicale => {
                let root = self.server.folder().join("data/collection-root");
                let file = root.join(self.collection.trim_start_matches('/')).join(name);
                fs::write(file, "BEGIN:VCALENDAR\r\nnonsense\r\n").is_ok()
            }
            Kind::Xandikos | Kind::Cyrus => self.try_write(name, "this is no calendar\r\n"),
        }
    }
    fn bob_declines(&self, name: &str, uid: &str) {
        if self.server.kind == Kind::Radicale {
            let stored = self.read(name).expect("it was created");
            assert!(self.try_write(name, &declined(&unfold(stored.as_bytes()))));
            return;
        }
        let [(path, copy)] = copies(self.server, "bob", uid).try_into().expect("bob has one copy");
        let answer = declined(&unfold(copy.as_bytes()));
        let put = self.server.dav("bob", "PUT", &path, &[], answer.as_bytes());
        assert!(matches!(put.status, 200..=204), "bob's answer: {} {}", put.status, put.text());
    }
}

/// Paths of the resources in somebody's default calendar that hold a UID.
fn copies(server: &Server, user: &str, uid: &str) -> Vec<(String, String)> {
    let home = server.default_calendar(user);
    let listing = server.dav(user, "PROPFIND", &home, &[("Depth", "1")], b"").text();
    let hrefs = listing.split("href>").filter_map(|part| part.split("</").next());
    let paths = hrefs.filter(|path| path.ends_with(".ics")).map(str::to_owned);
    let with_text =
        paths.map(|path| (path.clone(), server.dav(user, "GET", &path, &[], b"").text()));
    with_text.filter(|(_, text)| has_uid(text.as_bytes(), uid)).collect()
}

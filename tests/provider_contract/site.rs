//! Where a case takes place: a provider under test, a fresh empty calendar, the
//! hand of another program that edits behind the provider's back, and what is
//! known of the server.

use std::fs;
use std::path::PathBuf;

use onbeat::model::id::{AccountId, CalendarId, Etag, Href, StrongEtag};
use onbeat::model::resource::Resource;
use onbeat::model::server::MailEngine;
use onbeat::provider::vdir::{VDir, VDirConfig};
use onbeat::provider::{CalendarProvider, Changes, ProviderError};

use crate::people::declined;
use crate::support::mirror::{Mirror, unfold};
use crate::support::proxy::Proxy;
use crate::support::servers::Server;

/// What is known of a server and cannot be asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// It stores the bytes it was sent.
    pub keeps_bytes: bool,
    /// It refuses a UID that another resource of the calendar has.
    pub unique_uids: bool,
    /// It carries invitations and answers between its users.
    pub schedules: bool,
    /// An answer to one occurrence is an answer to that one only.
    pub answers_per_occurrence: bool,
    /// It tells when another user is busy.
    pub free_busy: bool,
    /// A series may be created together with changed occurrences.
    pub overrides_at_once: bool,
    /// The methods that read changes and that create.
    pub verbs: (&'static str, &'static str),
    /// What the address of a new resource ends in.
    pub ending: &'static str,
    /// Whose mail rules hold.
    pub engine: MailEngine,
}

/// Another program's access to the calendar under test. It names resources by
/// their decoded last path segment and writes without preconditions.
pub trait Hand {
    /// Stores a text, over whatever lies there; false where the server refuses it.
    fn try_write(&self, name: &str, text: &str) -> bool;
    /// Removes a resource.
    fn remove(&self, name: &str);
    /// What lies there.
    fn read(&self, name: &str) -> Option<String>;
    /// Puts something unreadable there, past the server's checks if need be.
    fn spoil(&self, name: &str) -> bool {
        self.try_write(name, "this is no calendar\r\n")
    }
    /// Bob, who is invited to the series of this UID that lies there, declines its
    /// occurrence of 14 January. Where nobody carries answers a person notes it.
    fn bob_declines(&self, name: &str, _uid: &str) {
        let stored = self.read(name).expect("it was created");
        assert!(self.try_write(name, &declined(&unfold(stored.as_bytes()))));
    }
}

/// The place of one case.
pub struct Site {
    pub provider: Box<dyn CalendarProvider>,
    pub calendar: CalendarId,
    /// Where invitations and answers are handled.
    pub invitations: CalendarId,
    /// What people call the calendar.
    pub calendar_name: String,
    pub hand: Box<dyn Hand>,
    pub traits: Traits,
    /// Part of every UID of the case: some servers allow a UID once per user.
    pub tag: String,
    /// The server with the others' calendars, where there is one.
    pub server: Option<&'static Server>,
    /// The same account with credentials that are not its own.
    pub stranger: Option<Box<dyn CalendarProvider>>,
    /// Stands between provider and server; counts requests and makes faults.
    pub proxy: Option<Proxy>,
    /// Lives as long as the site.
    pub _folder: Option<tempfile::TempDir>,
}

impl Site {
    /// Another program writes; the server must take it.
    pub fn write(&self, name: &str, text: &str) {
        assert!(self.hand.try_write(name, text), "{name} is refused");
    }

    /// A UID of this case's own.
    pub fn uid(&self, part: &str) -> String {
        format!("{part}-{}@tests", self.tag)
    }

    /// One reading into the mirror, with the conclusions the engine draws.
    pub async fn read(&self, mirror: &mut Mirror) -> Result<Changes, ProviderError> {
        self.read_of(&self.calendar, mirror).await
    }

    /// The same of another calendar.
    pub async fn read_of(
        &self,
        calendar: &CalendarId,
        mirror: &mut Mirror,
    ) -> Result<Changes, ProviderError> {
        mirror.begin();
        let since = mirror.token.clone();
        let changes = self.provider.changes(calendar, since.as_ref(), mirror).await?;
        mirror.conclude(&changes);
        Ok(changes)
    }

    /// A mirror of everything that is there now.
    pub async fn mirror(&self) -> Mirror {
        let mut mirror = Mirror::default();
        self.read(&mut mirror).await.unwrap();
        mirror
    }

    /// A resource that must be there.
    pub async fn get(&self, href: &Href) -> Resource {
        let got = self.provider.get(&self.calendar, href).await.unwrap();
        got.unwrap_or_else(|| panic!("{href} is not there"))
    }

    /// The strong tag a resource has now.
    pub async fn strong(&self, href: &Href) -> StrongEtag {
        strong(&self.get(href).await)
    }
}

/// The tag a write may be guarded with.
pub fn strong(resource: &Resource) -> StrongEtag {
    let tag = resource.etag.as_ref().and_then(Etag::strong);
    tag.unwrap_or_else(|| panic!("{} has no strong tag", resource.href))
}

/// Plain files.
struct FileHand {
    folder: PathBuf,
}

impl Hand for FileHand {
    fn try_write(&self, name: &str, text: &str) -> bool {
        fs::write(self.folder.join(name), text).is_ok()
    }
    fn remove(&self, name: &str) {
        fs::remove_file(self.folder.join(name)).unwrap();
    }
    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }
}

/// A folder of files.
pub async fn vdir(case: &str) -> Option<Site> {
    let folder = tempfile::tempdir().unwrap();
    let calendar = folder.path().join("one-on-ones");
    fs::create_dir(&calendar).unwrap();
    fs::write(calendar.join("displayname"), "1:1s").unwrap();
    fs::write(calendar.join("color"), "#3366CC").unwrap();
    let config = VDirConfig { account: AccountId::new("site"), root: folder.path().to_owned() };
    let traits = Traits {
        keeps_bytes: true,
        unique_uids: false,
        schedules: false,
        answers_per_occurrence: true,
        free_busy: false,
        overrides_at_once: true,
        verbs: ("", ""),
        ending: ".ics",
        engine: MailEngine::None,
    };
    Some(Site {
        provider: Box::new(VDir::new(config)),
        calendar: CalendarId::new("site", "one-on-ones"),
        invitations: CalendarId::new("site", "one-on-ones"),
        calendar_name: "1:1s".to_owned(),
        hand: Box::new(FileHand { folder: calendar }),
        traits,
        tag: case.to_owned(),
        server: None,
        stranger: None,
        proxy: None,
        _folder: Some(folder),
    })
}

//! What was found out about an account's server and its collections, kept so
//! that a cycle need not discover them again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::id::{AccountId, Address, CalendarId, OwnerId};
use crate::model::server::{CalendarInfo, Capabilities, MailEngine};
use crate::store::error::StoreError;
use crate::store::open::Store;

/// An account's server and collections as last discovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// When.
    pub found_at: Timestamp,
    /// What the server can do.
    pub capabilities: Capabilities,
    /// Its collections.
    pub calendars: Vec<CalendarInfo>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    product: String,
    engine: String,
    auto_schedule: bool,
    sync_collection: bool,
    free_busy_of_others: bool,
    addresses: Vec<String>,
    calendars: Vec<StoredCalendar>,
}

#[derive(Serialize, Deserialize)]
struct StoredCalendar {
    collection: String,
    name: String,
    writable: bool,
    opaque: bool,
    zone: Option<String>,
}

const ENGINES: [(MailEngine, &str); 8] = [
    (MailEngine::None, "none"),
    (MailEngine::Cyrus, "cyrus"),
    (MailEngine::Sabre, "sabre"),
    (MailEngine::Nextcloud, "nextcloud"),
    (MailEngine::Stalwart, "stalwart"),
    (MailEngine::Xandikos, "xandikos"),
    (MailEngine::Google, "google"),
    (MailEngine::Unknown, "unknown"),
];

fn key(account: &AccountId) -> String {
    format!("catalog {account}")
}

impl Store {
    /// Keeps what was found.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_catalog(
        &self,
        owner: &OwnerId,
        account: &AccountId,
        catalog: &Catalog,
    ) -> Result<(), StoreError> {
        let server = &catalog.capabilities;
        let engine = ENGINES.iter().find(|(e, _)| *e == server.engine).map_or("unknown", |e| e.1);
        let stored = Stored {
            product: server.product.clone(),
            engine: engine.to_owned(),
            auto_schedule: server.auto_schedule,
            sync_collection: server.sync_collection,
            free_busy_of_others: server.free_busy_of_others,
            addresses: server.addresses.iter().map(|a| a.as_str().to_owned()).collect(),
            calendars: catalog
                .calendars
                .iter()
                .map(|c| StoredCalendar {
                    collection: c.id.collection.clone(),
                    name: c.name.clone(),
                    writable: c.writable,
                    opaque: c.opaque,
                    zone: c.zone.clone(),
                })
                .collect(),
        };
        let text = serde_json::to_string(&stored).unwrap_or_default();
        self.set_value(owner, None, &key(account), Some(&text), catalog.found_at)
    }

    /// What was found last; `None` when nothing was, or an older onbeat wrote it.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn catalog(
        &self,
        owner: &OwnerId,
        account: &AccountId,
    ) -> Result<Option<Catalog>, StoreError> {
        let Some((text, found_at)) = self.value(owner, None, &key(account))? else {
            return Ok(None);
        };
        let Ok(stored) = serde_json::from_str::<Stored>(&text) else { return Ok(None) };
        let engine = ENGINES.iter().find(|(_, word)| *word == stored.engine);
        let calendars = stored.calendars.into_iter().map(|c| CalendarInfo {
            id: CalendarId::new(account.as_str(), c.collection),
            name: c.name,
            writable: c.writable,
            opaque: c.opaque,
            zone: c.zone,
        });
        Ok(Some(Catalog {
            found_at,
            capabilities: Capabilities {
                product: stored.product,
                engine: engine.map_or(MailEngine::Unknown, |e| e.0),
                auto_schedule: stored.auto_schedule,
                sync_collection: stored.sync_collection,
                free_busy_of_others: stored.free_busy_of_others,
                addresses: stored.addresses.iter().map(|a| Address::new(a)).collect(),
            },
            calendars: calendars.collect(),
        }))
    }

    /// Forgets what was found, so that the next cycle discovers again.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn drop_catalog(
        &self,
        owner: &OwnerId,
        account: &AccountId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.set_value(owner, None, &key(account), None, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_comes_back() {
        let store = Store::memory().unwrap();
        let owner = OwnerId::new("me");
        let account = AccountId::new("work");
        let catalog = Catalog {
            found_at: Timestamp::from_second(1_700_000_000).unwrap(),
            capabilities: Capabilities {
                product: "Cyrus".to_owned(),
                engine: MailEngine::Cyrus,
                auto_schedule: true,
                sync_collection: true,
                free_busy_of_others: true,
                addresses: vec![Address::new("a@example.org")],
            },
            calendars: vec![CalendarInfo {
                id: CalendarId::new("work", "/dav/work/"),
                name: "Work".to_owned(),
                writable: true,
                opaque: true,
                zone: Some("Europe/Berlin".to_owned()),
            }],
        };
        assert_eq!(store.catalog(&owner, &account).unwrap(), None);
        store.put_catalog(&owner, &account, &catalog).unwrap();
        assert_eq!(store.catalog(&owner, &account).unwrap(), Some(catalog));
        store.drop_catalog(&owner, &account, Timestamp::MAX).unwrap();
        assert_eq!(store.catalog(&owner, &account).unwrap(), None);
    }
}

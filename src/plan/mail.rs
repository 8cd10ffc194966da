//! Whom a write mails, predicted from the engine, the owner's role and what
//! changes. The table is measured; see `docs/providers.md`.

use crate::model::id::Address;
use crate::model::plan::MailEffect;
use crate::model::server::MailEngine;
use crate::model::snapshot::{Series, Snapshot};

/// What kind of change a server would see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A new event with attendees.
    Invite,
    /// Another start for one occurrence.
    Move,
    /// DESCRIPTION of an event that does not recur.
    DescribeSingle,
    /// DESCRIPTION by a new override.
    DescribeByNewOverride,
    /// DESCRIPTION of an override that exists.
    DescribeOverride,
}

/// The people invited to a series beside the owner; rooms do not read mail.
pub fn others(snapshot: &Snapshot, series: &Series) -> Vec<Address> {
    let bodies = series.event.master.iter().chain(series.event.overrides.iter().map(|o| &o.body));
    let mut others: Vec<Address> = bodies
        .flat_map(|body| &body.attendees)
        .filter(|a| !a.resource && !snapshot.owner.is(&a.address))
        .map(|a| a.address.clone())
        .collect();
    others.sort();
    others.dedup();
    others
}

/// Predicts whom a write of the organizer mails. `others` are the attendees
/// without the owner; an event without any mails nobody on every engine.
pub fn predict(engine: MailEngine, change: Change, others: &[Address]) -> MailEffect {
    if others.is_empty() {
        return MailEffect::None;
    }
    let mails = || MailEffect::Mails(others.to_vec());
    match (engine, change) {
        (MailEngine::None | MailEngine::Xandikos, _) => MailEffect::None,
        (MailEngine::Unknown, _) => MailEffect::Unknown,
        (_, Change::Invite | Change::Move) => mails(),
        // sendUpdates=none is sent with every agenda write.
        (
            MailEngine::Google,
            Change::DescribeSingle | Change::DescribeByNewOverride | Change::DescribeOverride,
        ) => MailEffect::None,
        // Stock sabre compares instance counts: only a *new* override is significant.
        (MailEngine::Sabre, Change::DescribeSingle | Change::DescribeOverride) => MailEffect::None,
        (MailEngine::Sabre, Change::DescribeByNewOverride) => mails(),
        (
            MailEngine::Cyrus | MailEngine::Nextcloud | MailEngine::Stalwart,
            Change::DescribeSingle | Change::DescribeByNewOverride | Change::DescribeOverride,
        ) => mails(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bob() -> Vec<Address> {
        vec![Address::new("mailto:Bob@Example.org")]
    }

    #[test]
    fn nobody_invited_is_nobody_mailed() {
        assert_eq!(predict(MailEngine::Cyrus, Change::Invite, &[]), MailEffect::None);
    }

    #[test]
    fn sabre_mails_only_for_the_first_override() {
        assert_eq!(predict(MailEngine::Sabre, Change::DescribeOverride, &bob()), MailEffect::None);
        assert_eq!(
            predict(MailEngine::Sabre, Change::DescribeByNewOverride, &bob()),
            MailEffect::Mails(bob())
        );
    }

    #[test]
    fn every_scheduling_engine_mails_time_changes() {
        for engine in [
            MailEngine::Cyrus,
            MailEngine::Sabre,
            MailEngine::Nextcloud,
            MailEngine::Stalwart,
            MailEngine::Google,
        ] {
            assert_eq!(predict(engine, Change::Move, &bob()), MailEffect::Mails(bob()));
        }
    }
}

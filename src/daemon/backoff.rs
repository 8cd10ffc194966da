//! How long to leave a failing account alone. The wait doubles from one timer
//! interval up to an hour; one success ends it. Pure: `now` is an argument.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::id::AccountId;

/// The longest wait between two tries.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// Failing accounts and when they are tried again.
#[derive(Debug, Default)]
pub struct Backoff {
    failing: BTreeMap<AccountId, Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    failures: u32,
    until: Timestamp,
}

impl Backoff {
    /// Notes how an account fared; says whether its state changed (worth a line
    /// in the log: once when it begins to fail, once when it works again).
    pub fn note(
        &mut self,
        account: &AccountId,
        ok: bool,
        every: SignedDuration,
        now: Timestamp,
    ) -> bool {
        if ok {
            return self.failing.remove(account).is_some();
        }
        let failures = self.failing.get(account).map_or(0, |rest| rest.failures) + 1;
        let factor = i32::try_from(1_u32 << (failures - 1).min(16)).unwrap_or(i32::MAX);
        // The first failure costs nothing: the next tick tries again.
        let wait = if failures == 1 { SignedDuration::ZERO } else { every.saturating_mul(factor) };
        let until = now.checked_add(wait.min(LONGEST)).unwrap_or(now);
        self.failing.insert(account.clone(), Rest { failures, until });
        failures == 1
    }

    /// Accounts to leave alone at this instant.
    pub fn resting(&self, now: Timestamp) -> Vec<AccountId> {
        self.failing.iter().filter(|(_, rest)| now < rest.until).map(|(id, _)| id.clone()).collect()
    }

    /// How many accounts fail.
    pub fn failing(&self) -> usize {
        self.failing.len()
    }

    /// Forgets everything: after a reload a person may have mended it.
    pub fn clear(&mut self) {
        self.failing.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_end_with_success() {
        let mut backoff = Backoff::default();
        let work = AccountId::new("work");
        let every = SignedDuration::from_mins(5);
        let mut now = Timestamp::UNIX_EPOCH;
        assert!(backoff.note(&work, false, every, now));
        assert!(backoff.resting(now).is_empty(), "the first failure is tried at the next tick");
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert!(!backoff.note(&work, false, every, now));
            let mut waited = 0;
            while !backoff.resting(now).is_empty() {
                now += SignedDuration::from_mins(1);
                waited += 1;
            }
            waits.push(waited);
        }
        assert_eq!(waits, [10, 20, 40, 60, 60, 60]);
        assert!(backoff.note(&work, true, every, now));
        assert!(!backoff.note(&work, true, every, now));
        assert_eq!(backoff.failing(), 0);
    }
}

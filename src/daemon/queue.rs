//! One cycle at a time. Requests that come while one runs are folded into one
//! more cycle with the most telling cause. Knows nothing of what a cycle does.

use crate::engine::Cause;

/// Requests for cycles.
#[derive(Debug, Default)]
pub struct Queue {
    pending: Option<Cause>,
    folded: u32,
}

impl Queue {
    /// Asks for a cycle. Several requests before the next start are one.
    pub fn request(&mut self, cause: Cause) {
        self.folded = self.folded.saturating_add(u32::from(self.pending.is_some()));
        let stronger = self.pending.as_ref().is_none_or(|held| rank(&cause) > rank(held));
        if stronger {
            self.pending = Some(cause);
        }
    }

    /// The cycle to run now, with the number of requests folded into it.
    pub fn take(&mut self) -> Option<(Cause, u32)> {
        let folded = std::mem::take(&mut self.folded);
        self.pending.take().map(|cause| (cause, folded))
    }

    /// Whether a cycle is asked for.
    pub fn is_empty(&self) -> bool {
        self.pending.is_none()
    }
}

/// A person's request says more than a timer's.
fn rank(cause: &Cause) -> u8 {
    match cause {
        Cause::Timer => 0,
        Cause::Hint => 1,
        Cause::LocalChange => 2,
        Cause::Reload => 3,
        Cause::Command => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fold_into_one() {
        let mut queue = Queue::default();
        assert_eq!(queue.take(), None);
        queue.request(Cause::Timer);
        queue.request(Cause::LocalChange);
        queue.request(Cause::Timer);
        assert_eq!(queue.take(), Some((Cause::LocalChange, 2)));
        assert_eq!(queue.take(), None);
        assert!(queue.is_empty());
    }
}

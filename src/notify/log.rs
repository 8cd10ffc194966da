//! The journal as a way to tell the owner: one structured event per notice.
//! Always there, needs nothing, cannot fail.

use async_trait::async_trait;

use crate::notify::{Notice, Notifier, NotifyError, Topic};

/// Writes notices to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log;

#[async_trait(?Send)]
impl Notifier for Log {
    fn name(&self) -> &str {
        "journal"
    }

    fn takes(&self, topic: Topic) -> bool {
        // A digest is a page of text; the journal has the facts it is made of.
        topic != Topic::Digest
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let pair = notice.pair.as_ref().map_or("", |pair| pair.as_str());
        tracing::warn!(target: "onbeat::notice", key = %notice.key, pair, "{}", notice.title);
        Ok(())
    }
}

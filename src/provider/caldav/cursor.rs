//! What the engine keeps between two readings as an opaque token: the server's sync
//! token, or its change tag where there is none, and the members that could not be
//! read and must not be passed over. Text in, text out.

use crate::model::id::{Href, SyncToken};
use crate::provider::caldav::sync_collection::MAX_TOKEN;

/// The most members carried along; with more, the next reading lists everything.
const MAX_RETRIES: usize = 64;

const TAG: &str = "onbeat-ctag:";
const LIST: &str = "onbeat-list:";
const RETRY: &str = "onbeat-retry:";

/// How far a calendar has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A sync token (RFC 6578).
    Token(String),
    /// `getctag`, or a sync token of a server without the report: equal means
    /// unchanged, and nothing more.
    Tag(String),
    /// The server has neither; every reading is a listing.
    List,
}

/// A mark and what is still owed before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// How far.
    pub mark: Mark,
    /// Members to be read again, whether they change or not.
    pub retry: Vec<Href>,
}

impl Cursor {
    /// Reads what [`Cursor::token`] wrote; any other text is a server's own token.
    pub fn read(token: &SyncToken) -> Self {
        let mut retry = Vec::new();
        let mut rest = token.as_str();
        while let Some(after) = rest.strip_prefix(RETRY) {
            let Some((href, next)) = after.split_once('\n') else { break };
            retry.push(Href::new(href));
            rest = next;
        }
        let mark = if let Some(tag) = rest.strip_prefix(TAG) {
            Mark::Tag(tag.to_owned())
        } else if rest.starts_with(LIST) {
            Mark::List
        } else {
            Mark::Token(rest.to_owned())
        };
        Self { mark, retry }
    }

    /// The text to keep; `None` when the next reading must list everything.
    pub fn token(&self) -> Option<SyncToken> {
        if self.retry.len() > MAX_RETRIES {
            return None;
        }
        let mut text = String::new();
        for href in &self.retry {
            text.push_str(RETRY);
            text.push_str(href.as_str());
            text.push('\n');
        }
        match &self.mark {
            Mark::Token(token) | Mark::Tag(token) if token.len() > MAX_TOKEN => return None,
            Mark::Token(token) => text.push_str(token),
            Mark::Tag(tag) => {
                text.push_str(TAG);
                text.push_str(tag);
            }
            Mark::List => text.push_str(LIST),
        }
        Some(SyncToken::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_token_is_kept_as_it_is() {
        let token = SyncToken::new("http://sabre.io/ns/sync/7");
        let cursor = Cursor::read(&token);
        assert_eq!(
            cursor,
            Cursor { mark: Mark::Token(token.as_str().to_owned()), retry: Vec::new() }
        );
        assert_eq!(cursor.token(), Some(token));
    }

    #[test]
    fn everything_written_is_read_again() {
        for mark in [Mark::Token("t".into()), Mark::Tag("\"-1\"".into()), Mark::List] {
            for retry in [vec![], vec![Href::new("/c/a%20b.ics"), Href::new("/c/ü.ics")]] {
                let cursor = Cursor { mark: mark.clone(), retry };
                assert_eq!(Cursor::read(&cursor.token().unwrap()), cursor);
            }
        }
    }

    #[test]
    fn a_giant_token_or_too_much_owed_means_a_listing() {
        let giant = Mark::Token("x".repeat(1 << 20));
        assert_eq!(Cursor { mark: giant, retry: Vec::new() }.token(), None);
        let owed = (0..100).map(|n| Href::new(format!("/c/{n}.ics"))).collect();
        assert_eq!(Cursor { mark: Mark::List, retry: owed }.token(), None);
    }
}

//! What lies in one folder, and the sync token that tells whether it changed.
//!
//! The token holds three digests: of what the file system says of every file
//! (cheap to compare), of the bytes of the files changed last, and of all bytes.
//! The second closes the gap of the first: a file system's clock is coarse, so
//! an edit right after a reading can leave length and times as they were. Such a
//! file was changed no earlier than [`RECENT`] before the newest change in the
//! folder at that reading; only those few files are read again.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::file::{self, MAX_BYTES, Stat, Unreadable};
use super::name::{hex, is_resource};
use crate::model::id::{Etag, Href, SyncToken};
use crate::provider::ProviderError;

/// Twice the coarsest clock of a file system in use (FAT: two seconds).
const RECENT: i128 = 4_000_000_000;

/// One file as listed.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name, which is its href.
    pub(super) href: Href,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What the file system says of it.
    pub(super) stat: Stat,
}

/// All resources of a folder, by name, and what is in the way.
#[derive(Debug)]
pub(super) struct Listing {
    /// The files to read.
    pub(super) entries: Vec<Entry>,
    /// Files that cannot be resources of the mirror, with the reason.
    pub(super) skipped: Vec<(Href, String)>,
}

/// Lists a folder without reading a file.
///
/// # Errors
/// `NotFound` when the folder is missing: that is never an empty calendar.
pub(super) fn list(folder: &Path) -> Result<Listing, ProviderError> {
    let said = |e| file::failed(e, "listing", folder);
    let mut listing = Listing { entries: Vec::new(), skipped: Vec::new() };
    for item in fs::read_dir(folder).map_err(said)? {
        let item = item.map_err(said)?;
        let raw = item.file_name();
        let Some(name) = raw.to_str() else {
            let lossy = raw.to_string_lossy();
            if is_resource(&lossy) {
                let why = "the file name is not UTF-8; rename it".to_owned();
                listing.skipped.push((Href::new(lossy), why));
            }
            continue;
        };
        if is_resource(name) {
            listing.take(Href::new(name), item.path());
        }
    }
    listing.entries.sort_by(|a, b| a.href.cmp(&b.href));
    listing.skipped.sort();
    Ok(listing)
}

impl Listing {
    fn take(&mut self, href: Href, path: PathBuf) {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_file() && meta.len() > MAX_BYTES => {
                self.skip(href, &file::too_large());
            }
            Ok(meta) if meta.is_file() => {
                self.entries.push(Entry { href, path, stat: Stat::of(&meta) });
            }
            Ok(_) => {} // a folder or pipe of such a name is no resource
            Err(error) => self.skip(href, &file::unreadable(error)),
        }
    }

    fn skip(&mut self, href: Href, why: &Unreadable) {
        self.skipped.extend(why.reason().map(|reason| (href, reason)));
    }

    /// Whether nothing changed since the token, by the cheap way. `false` says
    /// nothing: the files have to be read.
    pub(super) fn unchanged_since(&self, token: &SyncToken) -> bool {
        let parts: Vec<&str> = token.as_str().split('.').collect();
        let [VERSION, stats, recent, _] = parts.as_slice() else { return false };
        if !self.skipped.is_empty() || *stats != stats_digest(&self.entries) {
            return false;
        }
        let mut read = Vec::new();
        for entry in recent_of(&self.entries, |entry| entry.stat.changed) {
            let Ok((data, _)) = file::read(&entry.path) else { return false };
            read.push((entry.href.clone(), file::etag(&data)));
        }
        *recent == content_digest(read.iter().map(|(href, etag)| (href, etag.as_ref())))
    }
}

/// First part of every token; another version reads everything again.
const VERSION: &str = "vdir1";

/// What was read of a folder, for the next token.
#[derive(Debug, Default)]
pub(super) struct Reading {
    seen: Vec<(Entry, Option<Etag>)>,
}

impl Reading {
    /// Notes a file whose bytes had this tag while the file system said this.
    pub(super) fn note(&mut self, entry: Entry, etag: Option<Etag>) {
        self.seen.push((entry, etag));
    }

    /// The token of this reading. Where a file was skipped, nothing is promised
    /// about it: the next reading looks at every file again.
    pub(super) fn token(&self, complete: bool) -> SyncToken {
        let entries: Vec<Entry> = self.seen.iter().map(|(entry, _)| entry.clone()).collect();
        let stats = if complete { stats_digest(&entries) } else { "-".to_owned() };
        let recent = recent_of(&self.seen, |(entry, _)| entry.stat.changed);
        let recent = content_digest(recent.map(|(entry, etag)| (&entry.href, etag.as_ref())));
        let all = self.seen.iter().map(|(entry, etag)| (&entry.href, etag.as_ref()));
        SyncToken::new(format!("{VERSION}.{stats}.{recent}.{}", content_digest(all)))
    }
}

/// Whether two tokens stand for the same names and bytes.
pub(super) fn same_content(a: &SyncToken, b: &SyncToken) -> bool {
    let content = |token: &SyncToken| match token.as_str().rsplit_once('.') {
        Some((head, content)) if head.starts_with(VERSION) => Some(content.to_owned()),
        _ => None,
    };
    content(a).is_some() && content(a) == content(b)
}

/// The files changed no earlier than [`RECENT`] before the last change.
fn recent_of<T>(all: &[T], changed: impl Fn(&T) -> i128 + Copy) -> impl Iterator<Item = &T> {
    let newest = all.iter().map(changed).max().unwrap_or(i128::MIN);
    all.iter().filter(move |item| changed(item) >= newest.saturating_sub(RECENT))
}

fn stats_digest(entries: &[Entry]) -> String {
    let mut sum = Sha256::new();
    for entry in entries {
        sum.update(format!("{}\0{}\0", entry.href, entry.stat.text()));
    }
    hex(&sum.finalize())
}

fn content_digest<'a>(files: impl Iterator<Item = (&'a Href, Option<&'a Etag>)>) -> String {
    let mut sum = Sha256::new();
    for (href, etag) in files {
        sum.update(format!("{href}\0{}\0", etag.map_or("", Etag::as_str)));
    }
    hex(&sum.finalize())
}

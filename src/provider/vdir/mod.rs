//! A folder of folders of `.ics` files (a "vdir", as khal, vdirsyncer and pimsync
//! keep it), or one such folder, as a calendar account. One file is one resource;
//! its name is the href, byte for byte. Knows nothing of what the files say, and
//! leaves nothing behind in the folders but resources.

mod file;
mod listing;
mod name;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use self::file::Unreadable;
use self::listing::{Reading, same_content};
use crate::model::id::{AccountId, Address, CalendarId, EventUid, Href, StrongEtag, SyncToken};
use crate::model::plan::Precondition;
use crate::model::resource::Resource;
use crate::model::server::{CalendarInfo, Capabilities, MailEngine};
use crate::model::time::Window;
use crate::provider::{
    CalendarProvider, Changes, ErrorKind, Extent, FreeBusyAnswer, MirrorSink, ProviderError, Write,
    Written,
};

/// A batch goes to the mirror when it holds this many resources …
const BATCH_COUNT: usize = 100;
/// … or bytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Longest `displayname` file that is read.
const NAME_BYTES: u64 = 1024;

/// Where the calendars lie.
#[derive(Debug, Clone)]
pub struct VDirConfig {
    /// The account's name in the configuration.
    pub account: AccountId,
    /// The folder of calendar folders, or the one calendar folder.
    pub root: PathBuf,
}

/// Calendars in a folder.
#[derive(Debug, Clone)]
pub struct VDir {
    config: VDirConfig,
}

impl VDir {
    /// Names the folder; nothing is touched before the first call.
    pub fn new(config: VDirConfig) -> Self {
        Self { config }
    }

    /// The folder of a collection.
    fn folder(&self, calendar: &CalendarId) -> Result<PathBuf, ProviderError> {
        match calendar.collection.as_str() {
            name::ROOT => Ok(self.config.root.clone()),
            collection if name::is_collection(collection) => Ok(self.config.root.join(collection)),
            collection => Err(ProviderError::new(
                ErrorKind::NotFound,
                format!(
                    "`{collection}` is not the name of a folder in {}",
                    self.config.root.display()
                ),
            )),
        }
    }

    /// The path of a resource. A name that leads elsewhere, or to the folder
    /// itself, is refused before any file is touched.
    fn path(&self, calendar: &CalendarId, href: &Href) -> Result<PathBuf, ProviderError> {
        let folder = self.folder(calendar)?;
        if !name::is_resource(href.as_str()) {
            return Err(ProviderError::new(
                ErrorKind::Forbidden,
                format!("`{href}` is not the name of an .ics file in {}", folder.display()),
            ));
        }
        Ok(folder.join(href.as_str()))
    }

    fn info(&self, collection: &str) -> CalendarInfo {
        let id =
            CalendarId { account: self.config.account.clone(), collection: collection.to_owned() };
        let folder = self.folder(&id).unwrap_or_else(|_| self.config.root.clone());
        let own = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        CalendarInfo {
            name: display_name(&folder).or(own).unwrap_or_else(|| collection.to_owned()),
            writable: fs::metadata(&folder).is_ok_and(|meta| !meta.permissions().readonly()),
            opaque: true,
            zone: None,
            id,
        }
    }
}

/// What people call the folder: the file `displayname` in it.
fn display_name(folder: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(folder.join("displayname")).ok()?;
    file.take(NAME_BYTES).read_to_string(&mut text).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What lies at a path now: `None` when nothing does.
fn current(path: &Path) -> Result<Option<Vec<u8>>, ProviderError> {
    match file::read(path) {
        Ok((data, _)) => Ok(Some(data)),
        Err(Unreadable::Gone) => Ok(None),
        Err(Unreadable::Because(why)) => Err(ProviderError::new(
            ErrorKind::Protocol(format!("the file cannot be read: {why}")),
            path.display().to_string(),
        )),
        Err(Unreadable::Failed(error)) => Err(file::failed(error, "reading", path)),
    }
}

/// Refuses unless the path holds exactly the bytes of this tag.
fn require(path: &Path, expected: &StrongEtag) -> Result<(), ProviderError> {
    let changed = |what: &str| {
        ProviderError::new(ErrorKind::PreconditionFailed, format!("{} {what}", path.display()))
    };
    match current(path)? {
        Some(data) if file::etag(&data).is_some_and(|etag| etag == expected.to_etag()) => Ok(()),
        Some(_) => Err(changed("was edited")),
        None => Err(changed("is gone")),
    }
}

/// Refuses what a rename would override although somebody protected it.
fn require_writable(path: &Path) -> Result<(), ProviderError> {
    let Ok(meta) = fs::symlink_metadata(path) else { return Ok(()) };
    let refuse = |why: &str| {
        Err(ProviderError::new(ErrorKind::Forbidden, format!("{} {why}", path.display())))
    };
    if meta.is_symlink() {
        return refuse("is a symbolic link; put the file itself into the folder");
    }
    if meta.permissions().readonly() {
        return refuse("is read-only; give it write permission (chmod u+w)");
    }
    Ok(())
}

/// What came of reading every file of a folder.
struct Delivered {
    reading: Reading,
    skipped: Vec<(Href, String)>,
    /// Whether the mirror was given anything new.
    stored: bool,
}

/// Delivers every file of a folder; files are held in memory a batch at a time.
fn deliver(
    calendar: &CalendarId,
    listing: listing::Listing,
    sink: &mut dyn MirrorSink,
) -> Result<Delivered, ProviderError> {
    let mut reading = Reading::default();
    let mut skipped = listing.skipped;
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut stored = false;
    for mut entry in listing.entries {
        let (data, stat) = match file::read(&entry.path) {
            Ok(read) => read,
            Err(why) => {
                skipped.extend(why.reason().map(|reason| (entry.href, reason)));
                continue;
            }
        };
        let etag = file::etag(&data);
        let href = entry.href.clone();
        entry.stat = stat;
        reading.note(entry, etag.clone());
        if sink.known(&href)? == etag {
            sink.unchanged(&href)?;
            continue;
        }
        stored = true;
        bytes += data.len();
        batch.push(Resource { calendar: calendar.clone(), href, etag, parent: None, data });
        if batch.len() >= BATCH_COUNT || bytes >= BATCH_BYTES {
            sink.changed(std::mem::take(&mut batch))?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        sink.changed(batch)?;
    }
    Ok(Delivered { reading, skipped, stored })
}

#[async_trait(?Send)]
impl CalendarProvider for VDir {
    async fn capabilities(&self) -> Result<Capabilities, ProviderError> {
        fs::read_dir(&self.config.root)
            .map_err(|e| file::failed(e, "opening the folder", &self.config.root))?;
        Ok(Capabilities {
            product: "folder of .ics files (vdir)".to_owned(),
            engine: MailEngine::None,
            auto_schedule: false,
            sync_collection: false,
            free_busy_of_others: false,
            addresses: Vec::new(),
        })
    }

    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError> {
        let root = &self.config.root;
        let said = |e| file::failed(e, "opening the folder", root);
        let mut folders = Vec::new();
        let mut root_is_one = false;
        for item in fs::read_dir(root).map_err(said)? {
            let item = item.map_err(said)?;
            let Some(name) = item.file_name().to_str().map(str::to_owned) else { continue };
            let is_folder = fs::metadata(item.path()).is_ok_and(|meta| meta.is_dir());
            if is_folder && name::is_collection(&name) {
                folders.push(name);
            } else if name::is_resource(&name) {
                root_is_one = true;
            }
        }
        folders.sort();
        if root_is_one || folders.is_empty() {
            folders.insert(0, name::ROOT.to_owned());
        }
        Ok(folders.iter().map(|name| self.info(name)).collect())
    }

    async fn changes(
        &self,
        calendar: &CalendarId,
        since: Option<&SyncToken>,
        sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError> {
        let listing = listing::list(&self.folder(calendar)?)?;
        if let Some(token) = since
            && listing.unchanged_since(token)
        {
            let next = Some(token.clone());
            return Ok(Changes { next, extent: Extent::Unchanged, skipped: Vec::new() });
        }
        let Delivered { reading, skipped, stored } = deliver(calendar, listing, sink)?;
        let next = reading.token(skipped.is_empty());
        // Touched files with the bytes they had are no change.
        let same = !stored && since.is_some_and(|token| same_content(token, &next));
        let extent = if same { Extent::Unchanged } else { Extent::Full };
        Ok(Changes { next: Some(next), extent, skipped })
    }

    async fn get(
        &self,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, ProviderError> {
        let path = self.path(calendar, href)?;
        let Some(data) = current(&path)? else {
            // A missing file in a missing folder is not a deleted event.
            let folder = self.folder(calendar)?;
            fs::read_dir(&folder).map_err(|e| file::failed(e, "opening the folder", &folder))?;
            return Ok(None);
        };
        let etag = file::etag(&data);
        Ok(Some(Resource {
            calendar: calendar.clone(),
            href: href.clone(),
            etag,
            parent: None,
            data,
        }))
    }

    async fn put(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        let path = self.path(calendar, &write.href)?;
        if write.data.len() as u64 > file::MAX_BYTES {
            return Err(ProviderError::new(ErrorKind::TooLarge, path.display().to_string()));
        }
        let folder = self.folder(calendar)?;
        let lock = file::lock(&folder).await?;
        lock.sweep(&folder);
        match precondition {
            Precondition::Absent => file::prepare(&path, &write.data)?.create()?,
            Precondition::Match(etag) => {
                require(&path, etag)?;
                require_writable(&path)?;
                let prepared = file::prepare(&path, &write.data)?;
                // Again, as late as possible: making bytes durable takes a while.
                require(&path, etag)?;
                prepared.replace()?;
            }
        }
        Ok(Written { href: write.href.clone(), etag: file::etag(&write.data) })
    }

    async fn delete(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        let path = self.path(calendar, href)?;
        let _lock = file::lock(&self.folder(calendar)?).await?;
        if fs::symlink_metadata(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
            return Err(ProviderError::new(ErrorKind::NotFound, path.display().to_string()));
        }
        require_writable(&path)?;
        require(&path, unchanged_since)?;
        file::remove(&path)
    }

    async fn free_busy(
        &self,
        who: &[Address],
        _window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError> {
        let why = "a folder of files does not know other people's time";
        Ok(who
            .iter()
            .map(|who| FreeBusyAnswer { who: who.clone(), busy: Err(why.to_owned()) })
            .collect())
    }

    fn href_for(&self, _calendar: &CalendarId, uid: &EventUid) -> Href {
        Href::new(name::file_name(uid))
    }
}

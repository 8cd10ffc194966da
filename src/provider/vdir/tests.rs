//! The folder provider on real folders: what is listed, when a reading is cheap,
//! and that no write overrides what it has not seen.

use std::collections::BTreeMap;
use std::fs::{self, FileTimes};
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::model::id::Etag;
use crate::model::plan::Action;

/// A mirror in memory that counts what it is given.
#[derive(Default)]
struct Mirror {
    held: BTreeMap<Href, Resource>,
    seen: Vec<Href>,
    stored: usize,
}

impl MirrorSink for Mirror {
    fn known(&mut self, href: &Href) -> Result<Option<Etag>, ProviderError> {
        Ok(self.held.get(href).and_then(|resource| resource.etag.clone()))
    }
    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError> {
        for resource in batch {
            self.stored += 1;
            self.seen.push(resource.href.clone());
            self.held.insert(resource.href.clone(), resource);
        }
        Ok(())
    }
    fn unchanged(&mut self, href: &Href) -> Result<(), ProviderError> {
        self.seen.push(href.clone());
        Ok(())
    }
    fn removed(&mut self, _href: &Href) -> Result<(), ProviderError> {
        panic!("a folder has no list of removals")
    }
}

/// A folder with one calendar `work`, and the mirror of it.
struct World {
    root: tempfile::TempDir,
    dir: VDir,
    calendar: CalendarId,
    mirror: Mirror,
    token: Option<SyncToken>,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let account = AccountId::new("local");
        let dir = VDir::new(VDirConfig { account, root: root.path().to_owned() });
        let calendar = CalendarId::new("local", "work");
        Self { root, dir, calendar, mirror: Mirror::default(), token: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    fn write(&self, name: &str, data: &str) {
        fs::write(self.path(name), data).unwrap();
    }

    /// One reading with the token of the last; what is gone leaves the mirror.
    fn read(&mut self) -> Changes {
        self.mirror.seen.clear();
        self.mirror.stored = 0;
        let read = run(self.dir.changes(&self.calendar, self.token.as_ref(), &mut self.mirror));
        let changes = read.unwrap();
        if changes.extent == Extent::Full {
            let seen = self.mirror.seen.clone();
            let skipped = |href: &Href| changes.skipped.iter().any(|(name, _)| name == href);
            self.mirror.held.retain(|href, _| seen.contains(href) || skipped(href));
        }
        self.token = changes.next.clone();
        changes
    }

    fn names(&self) -> Vec<&str> {
        self.mirror.held.keys().map(Href::as_str).collect()
    }

    fn etag(&self, name: &str) -> StrongEtag {
        run(self.dir.get(&self.calendar, &Href::new(name)))
            .unwrap()
            .and_then(|resource| resource.etag)
            .and_then(|etag| etag.strong())
            .unwrap()
    }

    fn put(&self, name: &str, data: &str, pre: &Precondition) -> Result<Written, ErrorKind> {
        let write = Write {
            href: Href::new(name),
            data: data.as_bytes().to_vec(),
            action: Action::Restore { data: None },
        };
        run(self.dir.put(&self.calendar, &write, pre)).map_err(|error| error.kind)
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Every file of the folder, hidden ones too.
fn everything(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_reading_lists_resources_and_only_those() {
    let mut world = World::new();
    for name in
        ["b.ics", "a b.ics", "50%25 Ü.ics", ".hidden.ics", "x.ics.tmp", "color", "displayname"]
    {
        world.write(name, "BEGIN:VCALENDAR");
    }
    fs::create_dir(world.path("folder.ics")).unwrap();
    let changes = world.read();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!(changes.skipped, []);
    assert_eq!(world.names(), ["50%25 Ü.ics", "a b.ics", "b.ics"]);
}

#[test]
fn an_unchanged_folder_is_unchanged_and_reads_old_files_not_at_all() {
    let mut world = World::new();
    world.write("a.ics", "one");
    world.read();
    assert_eq!(world.read().extent, Extent::Unchanged);
    assert!(world.mirror.seen.is_empty(), "nothing may reach the mirror");
}

#[test]
fn edits_creations_and_removals_are_seen() {
    let mut world = World::new();
    world.write("a.ics", "one");
    world.write("b.ics", "two");
    world.read();
    world.write("a.ics", "uno");
    world.write("c.ics", "three");
    fs::remove_file(world.path("b.ics")).unwrap();
    assert_eq!(world.read().extent, Extent::Full);
    assert_eq!(world.names(), ["a.ics", "c.ics"]);
    assert_eq!(world.mirror.stored, 2);
    assert_eq!(world.read().extent, Extent::Unchanged);
}

#[test]
fn a_touched_file_with_equal_bytes_is_unchanged() {
    let mut world = World::new();
    world.write("a.ics", "one");
    world.read();
    let before = world.token.clone();
    let file = fs::File::options().write(true).open(world.path("a.ics")).unwrap();
    file.set_times(FileTimes::new().set_modified(std::time::UNIX_EPOCH + Duration::from_secs(9)))
        .unwrap();
    assert_eq!(world.read().extent, Extent::Unchanged);
    assert_eq!(world.mirror.stored, 0);
    assert_ne!(world.token, before, "the next reading must be cheap again");
}

#[test]
fn an_edit_that_leaves_length_and_times_alone_is_not_lost() {
    // What a coarse clock does: the listing's digest is the same, the bytes are not.
    let mut world = World::new();
    world.write("a.ics", "one");
    world.write("b.ics", "two");
    world.read();
    let honest = world.token.clone().unwrap();
    world.write("b.ics", "TWO");
    let mut probe = World { token: None, ..World::new() };
    probe.dir = world.dir.clone();
    probe.read();
    let now = probe.token.unwrap();
    // Today's stats with yesterday's contents.
    let now: Vec<&str> = now.as_str().split('.').collect();
    let then: Vec<&str> = honest.as_str().split('.').collect();
    world.token = Some(SyncToken::new([then[0], now[1], then[2], then[3]].join(".")));
    assert_eq!(world.read().extent, Extent::Full);
    assert_eq!(world.mirror.held[&Href::new("b.ics")].data, b"TWO");
}

#[test]
fn a_token_of_somebody_else_leads_to_a_full_reading() {
    for token in ["", "data:,1", "vdir0.a.b.c", "vdir1.a.b.c", "vdir1...", "vdir1"] {
        let mut world = World::new();
        world.write("a.ics", "one");
        world.token = Some(SyncToken::new(token));
        assert_eq!(world.read().extent, Extent::Full, "{token:?}");
        assert_eq!(world.names(), ["a.ics"]);
    }
}

#[test]
fn a_file_that_cannot_be_taken_is_named_and_stays_in_the_mirror() {
    let mut world = World::new();
    world.write("good.ics", "one");
    world.write("large.ics", "small yet");
    world.write("truncated.ics", "one");
    world.read();
    fs::File::create(world.path("large.ics")).unwrap().set_len(file::MAX_BYTES + 1).unwrap();
    world.write("truncated.ics", "");
    let changes = world.read();
    assert_eq!(changes.extent, Extent::Full);
    let skipped: Vec<&str> = changes.skipped.iter().map(|(href, _)| href.as_str()).collect();
    assert_eq!(skipped, ["large.ics", "truncated.ics"]);
    assert_eq!(world.names(), ["good.ics", "large.ics", "truncated.ics"]);
    let again = world.read();
    assert_eq!(again.skipped.len(), 2, "said as long as it lasts");
}

#[test]
fn a_missing_folder_is_an_error_and_never_an_empty_calendar() {
    let mut world = World::new();
    world.write("a.ics", "one");
    world.read();
    fs::rename(world.root.path().join("work"), world.root.path().join("moved")).unwrap();
    let read = run(world.dir.changes(&world.calendar, world.token.as_ref(), &mut world.mirror));
    assert_eq!(read.unwrap_err().kind, ErrorKind::NotFound);
    let got = run(world.dir.get(&world.calendar, &Href::new("a.ics")));
    assert_eq!(got.unwrap_err().kind, ErrorKind::NotFound);
    let config = VDirConfig { account: AccountId::new("x"), root: world.root.path().join("none") };
    let gone = VDir::new(config);
    assert_eq!(run(gone.calendars()).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(run(gone.capabilities()).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn a_write_is_done_only_where_its_precondition_holds() {
    let world = World::new();
    assert!(world.put("a.ics", "one", &Precondition::Absent).is_ok());
    let refused = Err(ErrorKind::PreconditionFailed);
    assert_eq!(world.put("a.ics", "two", &Precondition::Absent), refused);
    let tag = world.etag("a.ics");
    world.write("a.ics", "edited by somebody");
    assert_eq!(world.put("a.ics", "two", &Precondition::Match(tag)), refused);
    let tag = world.etag("a.ics");
    let written = world.put("a.ics", "two", &Precondition::Match(tag)).unwrap();
    assert_eq!(written.etag, Some(world.etag("a.ics").to_etag()));
    assert_eq!(fs::read_to_string(world.path("a.ics")).unwrap(), "two");
    let tag = world.etag("a.ics");
    fs::remove_file(world.path("a.ics")).unwrap();
    assert_eq!(world.put("a.ics", "three", &Precondition::Match(tag)), refused);
    assert_eq!(everything(&world.root.path().join("work")), Vec::<String>::new(), "no litter");
}

#[test]
fn what_a_killed_instance_left_is_removed_and_nothing_else_is() {
    let world = World::new();
    for name in [".onbeat-x1y2.tmp", ".onbeat-notes", ".other.tmp"] {
        world.write(name, "half");
    }
    world.put("a.ics", "one", &Precondition::Absent).unwrap();
    let left = everything(&world.root.path().join("work"));
    assert_eq!(left, [".onbeat-notes", ".other.tmp", "a.ics"]);
}

#[test]
fn a_deletion_is_done_only_where_its_precondition_holds() {
    let world = World::new();
    world.write("a.ics", "one");
    let href = Href::new("a.ics");
    let tag = world.etag("a.ics");
    world.write("a.ics", "edited");
    let refused = run(world.dir.delete(&world.calendar, &href, &tag)).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::PreconditionFailed);
    run(world.dir.delete(&world.calendar, &href, &world.etag("a.ics"))).unwrap();
    let gone = run(world.dir.delete(&world.calendar, &href, &tag)).unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound);
}

#[test]
fn names_that_lead_elsewhere_touch_nothing() {
    let world = World::new();
    fs::write(world.root.path().join("secret.ics"), "s").unwrap();
    for name in
        ["../secret.ics", "", ".", "..", "work", "/etc/x.ics", ".a.ics", "a/../b.ics", "color"]
    {
        assert_eq!(
            world.put(name, "x", &Precondition::Absent),
            Err(ErrorKind::Forbidden),
            "{name}"
        );
        let got = run(world.dir.get(&world.calendar, &Href::new(name)));
        assert_eq!(got.unwrap_err().kind, ErrorKind::Forbidden, "{name}");
    }
    let outside = CalendarId::new("local", "..");
    let read = run(world.dir.changes(&outside, None, &mut Mirror::default()));
    assert_eq!(read.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(everything(&world.root.path().join("work")), Vec::<String>::new());
}

#[test]
fn calendars_are_the_folders_or_the_root_itself() {
    let world = World::new();
    fs::write(world.path("displayname"), "Work, with Bob\n").unwrap();
    fs::create_dir(world.root.path().join("Privat & más")).unwrap();
    fs::create_dir(world.root.path().join(".git")).unwrap();
    let list = |dir: &VDir| -> Vec<(String, String)> {
        let found = run(dir.calendars()).unwrap();
        found.into_iter().map(|info| (info.id.collection, info.name)).collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let folders = [pair("Privat & más", "Privat & más"), pair("work", "Work, with Bob")];
    assert_eq!(list(&world.dir), folders);
    fs::write(world.root.path().join("loose.ics"), "x").unwrap();
    assert_eq!(list(&world.dir).len(), 3);
    let account = AccountId::new("one");
    let one = VDir::new(VDirConfig { account, root: world.root.path().join("work") });
    assert_eq!(list(&one), [pair(".", "Work, with Bob")]);
}

#[cfg(unix)]
#[test]
fn what_somebody_protected_is_not_overridden() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = World::new();
    world.write("a.ics", "one");
    fs::set_permissions(world.path("a.ics"), fs::Permissions::from_mode(0o444)).unwrap();
    let tag = world.etag("a.ics");
    let refused = Err(ErrorKind::Forbidden);
    assert_eq!(world.put("a.ics", "two", &Precondition::Match(tag.clone())), refused);
    let kept = run(world.dir.delete(&world.calendar, &Href::new("a.ics"), &tag));
    assert_eq!(kept.unwrap_err().kind, ErrorKind::Forbidden);
    symlink(world.path("a.ics"), world.path("link.ics")).unwrap();
    let tag = world.etag("link.ics");
    assert_eq!(world.put("link.ics", "two", &Precondition::Match(tag)), refused);
}

#[cfg(unix)]
#[test]
fn a_rewritten_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.write("a.ics", "one");
    fs::set_permissions(world.path("a.ics"), fs::Permissions::from_mode(0o640)).unwrap();
    world.put("a.ics", "two", &Precondition::Match(world.etag("a.ics"))).unwrap();
    assert_eq!(fs::metadata(world.path("a.ics")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn failures_of_the_system_say_what_to_do() {
    let said = |kind: std::io::ErrorKind| {
        let error = file::failed(kind.into(), "writing into", Path::new("/cal"));
        (error.kind.clone(), error.to_string())
    };
    let (kind, text) = said(std::io::ErrorKind::ReadOnlyFilesystem);
    assert_eq!(kind, ErrorKind::Forbidden);
    assert!(text.contains("/cal") && text.contains("observe"), "{text}");
    assert_eq!(said(std::io::ErrorKind::StorageFull).0, ErrorKind::TooLarge);
    assert_eq!(said(std::io::ErrorKind::NotFound).0, ErrorKind::NotFound);
}

#[test]
fn of_many_writers_with_one_tag_exactly_one_wins() {
    let world = World::new();
    for round in 0..20 {
        world.write("a.ics", &format!("round {round}"));
        let tag = world.etag("a.ics");
        let wins: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|n| {
                    let (world, tag) = (&world, tag.clone());
                    scope.spawn(move || {
                        let data = format!("writer {n} of {round}");
                        usize::from(world.put("a.ics", &data, &Precondition::Match(tag)).is_ok())
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(wins, 1, "round {round}");
    }
}

//! Between fetch and apply a person is faster: the write finds another version,
//! the cycle plans anew on it, and what the person did stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::rc::Rc;

use async_trait::async_trait;
use jiff::Timestamp;
use onbeat::agenda::questions::QuestionBank;
use onbeat::clock::FixedClock;
use onbeat::engine::parsed::ParsedMirror;
use onbeat::engine::sources::LocalSources;
use onbeat::engine::world::{AccountLink, Settings, World};
use onbeat::engine::{Cause, Consent, CycleReport, Reach, StepOutcome, cycle};
use onbeat::model::id::{AccountId, Address, CalendarId, EventUid, Href, StrongEtag, SyncToken};
use onbeat::model::ledger::LedgerState;
use onbeat::model::plan::{Action, Precondition, WaitingCause};
use onbeat::model::resource::Resource;
use onbeat::model::server::{CalendarInfo, Capabilities};
use onbeat::model::time::Window;
use onbeat::provider::vdir::{VDir, VDirConfig};
use onbeat::provider::{
    CalendarProvider, Changes, FreeBusyAnswer, MirrorSink, ProviderError, Write, Written,
};
use onbeat::store::Store;

type Deed = Rc<RefCell<Option<Box<dyn FnOnce()>>>>;

/// A folder in which a person does something at the very moment of the first write.
struct Busy {
    folder: VDir,
    deed: Deed,
}

#[async_trait(?Send)]
impl CalendarProvider for Busy {
    async fn capabilities(&self) -> Result<Capabilities, ProviderError> {
        self.folder.capabilities().await
    }

    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError> {
        self.folder.calendars().await
    }

    async fn changes(
        &self,
        calendar: &CalendarId,
        since: Option<&SyncToken>,
        sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError> {
        self.folder.changes(calendar, since, sink).await
    }

    async fn get(
        &self,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, ProviderError> {
        self.folder.get(calendar, href).await
    }

    async fn put(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        if let Some(deed) = self.deed.take() {
            deed();
        }
        self.folder.put(calendar, write, precondition).await
    }

    async fn delete(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        self.folder.delete(calendar, href, unchanged_since).await
    }

    async fn free_busy(
        &self,
        who: &[Address],
        window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError> {
        self.folder.free_busy(who, window).await
    }

    fn href_for(&self, calendar: &CalendarId, uid: &EventUid) -> Href {
        self.folder.href_for(calendar, uid)
    }
}

const CONFIG: &str = r#"
[me]
name = "Elena"
email = ["elena@example.org"]
timezone = "Europe/Berlin"
[[account]]
name = "home"
kind = "vdir"
path = "calendars"
calendar = "work"
[[pair]]
with = "bob@example.org"
name = "Bob"
role = "report"
every = "1 week"
duration = "30 min"
window = "Mon-Fri 09:00-16:00"
mode = "act"
"#;

const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//phone//EN\r\nBEGIN:VEVENT\r\n\
    UID:weekly\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260203T100000\r\n\
    DTEND;TZID=Europe/Berlin:20260203T103000\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:Bob / Elena\r\n\
    DESCRIPTION:Room Heron\r\nORGANIZER:mailto:elena@example.org\r\n\
    ATTENDEE;PARTSTAT=ACCEPTED:mailto:elena@example.org\r\n\
    ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

const BOARD: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//phone//EN\r\nBEGIN:VEVENT\r\n\
    UID:board\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260310T080000Z\r\nDTEND:20260310T110000Z\r\n\
    SUMMARY:Board\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// The override a phone writes when somebody drags the meeting of the 10th.
const DRAGGED: &str = "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20260302T000000Z\r\n\
    RECURRENCE-ID;TZID=Europe/Berlin:20260310T100000\r\n\
    DTSTART;TZID=Europe/Berlin:20260311T150000\r\nDTEND;TZID=Europe/Berlin:20260311T153000\r\n\
    SUMMARY:Bob / Elena\r\nORGANIZER:mailto:elena@example.org\r\n\
    ATTENDEE;PARTSTAT=ACCEPTED:mailto:elena@example.org\r\n\
    ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\nEND:VEVENT\r\n";

fn world(home: &Path, now: &str, deed: Deed) -> World {
    let config = onbeat::config::parse(CONFIG, &home.join("onbeat.toml"), &|_| Ok(Vec::new()));
    let config = config.unwrap();
    let account = AccountId::new("home");
    let folder = VDir::new(VDirConfig { account: account.clone(), root: home.join("calendars") });
    World {
        owner: config.owner.clone(),
        me: config.me.clone(),
        pairs: config.pairs.clone(),
        departed: BTreeMap::new(),
        resting: BTreeSet::new(),
        approved: None,
        stop: Rc::default(),
        accounts: vec![AccountLink {
            id: account,
            provider: Box::new(Busy { folder, deed }),
            write: Some("work".to_owned()),
            busy: Vec::new(),
        }],
        store: Store::memory().unwrap(),
        clock: Box::new(FixedClock(now.parse::<Timestamp>().unwrap())),
        settings: Settings::default(),
        templates: BTreeMap::new(),
        bank: QuestionBank::built_in(),
        sources: Box::new(LocalSources::default()),
        parsed: ParsedMirror::default(),
        ledger: LedgerState::default(),
    }
}

/// Runs one cycle of the daemon; the person acts at its first write.
fn cycle_with(now: &str, act: impl Fn(&Path) + 'static) -> (CycleReport, String) {
    let home = tempfile::tempdir().unwrap();
    let calendar = home.path().join("calendars/work");
    fs::create_dir_all(&calendar).unwrap();
    fs::write(calendar.join("weekly.ics"), SERIES).unwrap();
    fs::write(calendar.join("board.ics"), BOARD).unwrap();
    let file = calendar.join("weekly.ics");
    let here = file.clone();
    let deed: Deed = Rc::new(RefCell::new(Some(Box::new(move || act(&here)))));
    let mut world = world(home.path(), now, deed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reach = Reach::Apply { consent: Consent::Standing };
    let report = runtime.block_on(cycle::run(&mut world, &Cause::Timer, reach, None)).unwrap();
    let text = fs::read_to_string(file).unwrap_or_default().replace("\r\n ", "");
    (report, text)
}

const MONDAY: &str = "2026-03-02T07:00:00Z";

#[test]
fn a_description_typed_at_that_moment_survives_and_the_move_is_made_on_top_of_it() {
    let (report, text) = cycle_with(MONDAY, |file| {
        let edited = SERIES.replace("Room Heron", "Room Heron\\nBring the contract");
        fs::write(file, edited).unwrap();
    });
    let outcomes: Vec<&StepOutcome> = report.applied.iter().map(|(_, o)| o).collect();
    assert_eq!(outcomes.first(), Some(&&StepOutcome::Stale), "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&&StepOutcome::Done), "{outcomes:?}");
    assert_eq!(text.matches("Bring the contract").count(), 2, "master and override:\n{text}");
    assert!(text.contains("DTSTART;TZID=Europe/Berlin:20260310T120000"), "{text}");
}

#[test]
fn a_meeting_dragged_at_that_moment_stays_where_the_person_put_it() {
    let (report, text) = cycle_with(MONDAY, |file| {
        let dragged = SERIES.replace("END:VCALENDAR", &format!("{DRAGGED}END:VCALENDAR"));
        fs::write(file, dragged).unwrap();
    });
    assert!(text.contains("DTSTART;TZID=Europe/Berlin:20260311T150000"), "{text}");
    assert_eq!(text.matches("RECURRENCE-ID").count(), 1, "{text}");
    let moved = report.applied.iter().any(|(step, outcome)| {
        matches!(step.action, Action::MoveOccurrence { .. }) && *outcome == StepOutcome::Done
    });
    assert!(!moved, "{:?}", report.applied);
    let ledger = format!("{:?}", report.snapshot.unwrap().pairs[0].occurrences);
    assert!(ledger.contains("2026-03-11T14:00:00Z"), "the new time is seen: {ledger}");
}

#[test]
fn a_series_deleted_at_that_moment_is_not_brought_back() {
    let (report, text) = cycle_with(MONDAY, |file| fs::remove_file(file).unwrap());
    assert!(text.is_empty(), "it came back:\n{text}");
    assert!(report.applied.iter().all(|(_, o)| *o != StepOutcome::Done), "{:?}", report.applied);
    // A new series is proposed, but only a person may ask for it.
    let plan = report.plan.unwrap();
    assert!(plan.steps.iter().all(|step| step.needs_person), "{:?}", plan.steps);
    assert!(!plan.waiting.iter().any(|w| matches!(w.cause, WaitingCause::Refused { .. })));
}

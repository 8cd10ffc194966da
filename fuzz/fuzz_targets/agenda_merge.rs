//! Any text as an event's description and any text as the last write: the merge
//! neither panics nor loses a byte outside the block, and merging again is quiet.

#![no_main]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use onbeat::agenda::questions::QuestionBank;
use onbeat::agenda::{
    Agenda, AgendaInput, DraftOptions, Meeting, MergeState, PairHistory, draft, edits, merge,
};
use onbeat::model::agenda::{BLOCK_BEGIN, BLOCK_END};
use onbeat::model::id::{AccountId, Address, PairId};
use onbeat::model::pair::{AgendaMail, Cadence, CadenceUnit, Mode, Pair, Person, Role};
use onbeat::model::time::WeekHours;

struct World {
    owner: Person,
    pair: Pair,
    agenda: Agenda,
}

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        addresses: vec![Address::new(name)],
        zone: TimeZone::UTC,
        hours: WeekHours::default(),
        holidays: BTreeMap::new(),
    }
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let owner = person("Elena");
        let pair = Pair {
            id: PairId::new("bob"),
            partner: person("Bob"),
            partner_hours_known: false,
            role: Role::Report,
            cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
            duration: SignedDuration::from_mins(30),
            ideal: None,
            window: WeekHours::default(),
            flexibility_days: 0,
            buffer_minutes: 0,
            freeze: SignedDuration::ZERO,
            priority: 1,
            mode: Mode::Act,
            never_move: false,
            pinned: false,
            free_busy_url: None,
            account: AccountId::new("work"),
            title: String::new(),
            template: "lead-down".to_owned(),
            agenda_mail: AgendaMail::Never,
            agenda_lead: None,
            title_aliases: Vec::new(),
            goals: Vec::new(),
            metrics: Vec::new(),
        };
        let drafted = draft(&AgendaInput {
            owner: &owner,
            pair: &pair,
            now: Timestamp::UNIX_EPOCH,
            meeting: Meeting {
                beat: Timestamp::UNIX_EPOCH,
                start: Timestamp::UNIX_EPOCH,
                duration: SignedDuration::from_mins(30),
            },
            items: &[],
            history: PairHistory::default(),
            goals: &[],
            metrics: &[],
            readings: &[],
            asked: &[],
            reflections: &[],
            bank: &QuestionBank::built_in(),
            template: None,
            options: DraftOptions::default(),
        });
        World { owner, pair, agenda: drafted.agenda }
    })
}

fuzz_target!(|texts: (String, String, bool)| {
    let (mut description, base, marked) = texts;
    if marked {
        description = format!("a\n{BLOCK_BEGIN}\n{description}\n{BLOCK_END}\nb");
    }
    let world = world();
    let _ = edits(&base, &description, &world.owner, &world.pair, world.agenda.date(), &[]);
    for last in [None, Some(base.as_str())] {
        let merged = merge(last, &description, &world.agenda);
        if merged.state != MergeState::Write {
            assert_eq!(merged.description, description);
            continue;
        }
        if marked {
            assert!(merged.description.starts_with("a\n") && merged.description.ends_with("\nb"));
        }
        let again = merge(Some(&merged.block), &merged.description, &world.agenda);
        assert_eq!(again.state, MergeState::Unchanged);
    }
});

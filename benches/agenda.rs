//! Agendas of 50 pairs with two years of weekly history each: drafting them all,
//! and merging them into events that did not change.

use std::collections::BTreeMap;

use divan::{Bencher, black_box};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onbeat::agenda::questions::QuestionBank;
use onbeat::agenda::sources::{self, Source};
use onbeat::agenda::{
    Agenda, AgendaInput, DraftOptions, Drafted, Meeting, Merge, PairHistory, draft, merge,
};
use onbeat::model::agenda::{AskedQuestion, Item, ItemKind, Origin, Reading, Side};
use onbeat::model::id::{AccountId, Address, ItemId, PairId};
use onbeat::model::pair::{AgendaMail, Cadence, CadenceUnit, Mode, Pair, Person, Role};
use onbeat::model::time::WeekHours;

const PAIRS: usize = 50;
const WEEKS: i64 = 104;

fn main() {
    divan::main();
}

struct Past {
    pair: Pair,
    items: Vec<Item>,
    goals: Vec<Source>,
    history: PairHistory,
    readings: Vec<Reading>,
    asked: Vec<AskedQuestion>,
}

struct World {
    owner: Person,
    bank: QuestionBank,
    pasts: Vec<Past>,
}

fn person(name: &str) -> Person {
    let day = vec![(Time::constant(9, 0, 0, 0), Time::constant(17, 30, 0, 0))];
    let mut hours = WeekHours::default();
    for open in hours.days.iter_mut().take(5) {
        *open = day.clone();
    }
    Person {
        name: name.to_owned(),
        addresses: vec![Address::new(&format!("{name}@example.org"))],
        zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
        hours,
        holidays: BTreeMap::new(),
    }
}

fn week(at: i64) -> Timestamp {
    Timestamp::from_second(1_709_542_800 + at * 7 * 86_400).unwrap_or_default()
}

fn pair(at: usize) -> Pair {
    let roles = [Role::Report, Role::Manager, Role::Peer, Role::SkipLevel, Role::Mentor];
    let role = roles.get(at % 5).copied().unwrap_or(Role::Peer);
    let partner = person(&format!("Partner{at}"));
    Pair {
        id: PairId::new(format!("pair{at}")),
        window: partner.hours.clone(),
        partner,
        partner_hours_known: true,
        role,
        cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
        duration: SignedDuration::from_mins(30),
        ideal: None,
        flexibility_days: 2,
        buffer_minutes: 0,
        freeze: SignedDuration::from_hours(24),
        priority: 2,
        mode: Mode::Act,
        never_move: false,
        pinned: false,
        free_busy_url: None,
        account: AccountId::new("work"),
        title: "1:1".to_owned(),
        template: onbeat::agenda::template_of(role).to_owned(),
        agenda_mail: AgendaMail::Never,
        agenda_link: None,
        agenda_attach: false,
        agenda_lead: None,
        title_aliases: Vec::new(),
        goals: Vec::new(),
        metrics: Vec::new(),
    }
}

/// Four items a week, all but the last few closed long ago.
fn items(pair: &PairId) -> Vec<Item> {
    let kinds = [ItemKind::Action, ItemKind::Topic, ItemKind::Win, ItemKind::Blocker];
    let sides = [Side::Owner, Side::Partner, Side::Both];
    (0..WEEKS * 4)
        .map(|at| {
            let n = usize::try_from(at).unwrap_or(0);
            let open = at % 4 != 2 && at > WEEKS * 4 - 16;
            Item {
                id: ItemId::new(format!("i{at}")),
                pair: pair.clone(),
                kind: kinds.get(n % 4).copied().unwrap_or(ItemKind::Topic),
                text: format!("input on: matter {at} of the second half of the plan"),
                side: sides.get(n % 3).copied().unwrap_or(Side::Both),
                private: n % 9 == 0,
                created: week(at / 4),
                due: None,
                later: None,
                done: (!open).then(|| week(at / 4 + 1)),
                carried: u32::from(open),
                origin: Origin::CommandLine,
            }
        })
        .collect()
}

impl World {
    fn new() -> Self {
        let bank = QuestionBank::built_in();
        let goals = "name,value,previous,target,unit\nChurn,3.1,3.4,2.5,%\nNPS,41,40,50,\n";
        let pasts = (0..PAIRS).map(|at| {
            let pair = pair(at);
            let id = pair.id.clone();
            let asked = (0..WEEKS * 3).filter_map(|n| {
                let question = bank.questions().get(usize::try_from(n).ok()? % 136)?.id.clone();
                Some(AskedQuestion { pair: id.clone(), beat: week(n / 3), question })
            });
            let reading = |n| Reading {
                pair: id.clone(),
                beat: week(n / 2),
                name: if n % 2 == 0 { "Churn" } else { "NPS" }.to_owned(),
                value: 3.0,
                on: None,
            };
            Past {
                items: items(&id),
                goals: vec![Source {
                    name: "goals.csv".to_owned(),
                    outcome: sources::parse("goals.csv", goals.as_bytes())
                        .map_err(|e| e.to_string()),
                    as_of: None,
                }],
                history: PairHistory {
                    held: (0..WEEKS).map(week).collect(),
                    next: Some(week(WEEKS + 1)),
                    ..PairHistory::default()
                },
                readings: (0..WEEKS * 2).map(reading).collect(),
                asked: asked.collect(),
                pair,
            }
        });
        Self { owner: person("Elena"), pasts: pasts.collect(), bank }
    }

    fn draft_all(&self) -> Vec<Drafted> {
        let start = week(WEEKS);
        let one = |past: &Past| {
            draft(&AgendaInput {
                owner: &self.owner,
                pair: &past.pair,
                now: start - SignedDuration::from_hours(16),
                meeting: Meeting { beat: start, start, duration: SignedDuration::from_mins(30) },
                items: &past.items,
                history: past.history.clone(),
                goals: &past.goals,
                metrics: &[],
                readings: &past.readings,
                asked: &past.asked,
                reflections: &[],
                bank: &self.bank,
                template: None,
                options: DraftOptions::default(),
            })
        };
        self.pasts.iter().map(one).collect()
    }
}

#[divan::bench]
fn draft_50_pairs_of_two_years(bencher: Bencher<'_, '_>) {
    let world = World::new();
    bencher.bench_local(|| black_box(world.draft_all()));
}

#[divan::bench]
fn merge_50_unchanged_events(bencher: Bencher<'_, '_>) {
    let agendas: Vec<Agenda> =
        World::new().draft_all().into_iter().map(|drafted| drafted.agenda).collect();
    let written: Vec<Merge> = agendas.iter().map(|agenda| merge(None, "Dial in", agenda)).collect();
    bencher.bench_local(|| {
        for (agenda, last) in agendas.iter().zip(&written) {
            black_box(merge(Some(&last.block), &last.description, agenda));
        }
    });
}

#[divan::bench]
fn merge_into_a_megabyte(bencher: Bencher<'_, '_>) {
    let Some(agenda) = World::new().draft_all().into_iter().next() else { return };
    let huge = "a line of a protocol somebody pasted here, fifty\n".repeat(20_000);
    let first = merge(None, &huge, &agenda.agenda);
    bencher
        .bench_local(|| black_box(merge(Some(&first.block), &first.description, &agenda.agenda)));
}

#[divan::bench]
fn read_the_question_bank(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| black_box(QuestionBank::built_in()));
}

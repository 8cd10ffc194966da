//! How well a pair's meetings were prepared and what became of their actions, in
//! counts. Texts are not looked at, so private items may count.

use jiff::Timestamp;

use crate::model::agenda::{Item, ItemKind};
use crate::model::report::AgendaNumbers;

/// Counts over a pair's items and the starts of its meetings held, any order.
/// Meetings before the first item was ever noted are not counted: nobody kept
/// agendas then.
pub fn numbers(items: &[Item], held: &[Timestamp], now: Timestamp) -> AgendaNumbers {
    let mut held: Vec<Timestamp> = held.iter().copied().filter(|at| *at <= now).collect();
    held.sort();
    AgendaNumbers {
        prepared: prepared(items, &held),
        closed: closed(items, &held),
        carried_days: carried_days(items, now),
    }
}

/// Meetings for which somebody had noted something: new since the meeting before,
/// or still open at the start.
fn prepared(items: &[Item], held: &[Timestamp]) -> Option<(u32, u32)> {
    let first = items.iter().map(|item| item.created).min()?;
    let counted: Vec<Timestamp> = held.iter().copied().filter(|at| *at > first).collect();
    let had = |at: &&Timestamp| {
        let open = |item: &&Item| item.done.is_none_or(|done| done >= **at);
        items.iter().filter(open).any(|item| item.created < **at)
    };
    let prepared = counted.iter().filter(had).count();
    (!counted.is_empty()).then(|| (small(prepared), small(counted.len())))
}

/// Actions that were done by the second meeting after they were noted, of those
/// that had that long.
fn closed(items: &[Item], held: &[Timestamp]) -> Option<(u32, u32)> {
    let (mut done, mut of) = (0_usize, 0_usize);
    for action in items.iter().filter(|item| item.kind == ItemKind::Action) {
        // The third meeting after it is the first that finds it too late.
        let mut later = held.iter().filter(|at| **at > action.created);
        let (second, third) = (later.nth(1), later.next());
        let in_time = action.done.is_some_and(|at| third.is_none_or(|third| at < *third));
        if in_time || second.is_some() {
            of += 1;
            done += usize::from(in_time);
        }
    }
    (of > 0).then(|| (small(done), small(of)))
}

/// Median age of what was carried over and is still open.
fn carried_days(items: &[Item], now: Timestamp) -> Option<u32> {
    let carried = items.iter().filter(|item| item.done.is_none() && item.carried > 0);
    let mut days: Vec<i64> =
        carried.map(|item| item.created.duration_until(now).as_hours() / 24).collect();
    days.sort_unstable();
    days.get(days.len() / 2).and_then(|days| u32::try_from(*days).ok())
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agenda::{Origin, Side};

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap()
    }

    fn action(created: i64, done: Option<i64>, carried: u32) -> Item {
        Item {
            id: format!("{created}").as_str().into(),
            pair: "bob".into(),
            kind: ItemKind::Action,
            text: "do it".to_owned(),
            side: Side::Owner,
            private: false,
            created: day(created),
            due: None,
            later: None,
            done: done.map(day),
            carried,
            origin: Origin::CommandLine,
        }
    }

    #[test]
    fn nothing_noted_is_nothing_counted() {
        assert_eq!(numbers(&[], &[day(0), day(7)], day(8)), AgendaNumbers::default());
    }

    #[test]
    fn meetings_count_from_the_first_note_on() {
        let held = [day(0), day(7), day(14), day(21)];
        let counted = numbers(&[action(5, Some(8), 0)], &held, day(22));
        assert_eq!(counted.prepared, Some((1, 3)), "the 7th had it, the 14th and 21st nothing");
    }

    #[test]
    fn an_action_has_two_meetings_to_be_done() {
        let held = [day(7), day(14), day(21)];
        let items = [
            action(1, Some(15), 1),
            action(2, Some(22), 2),
            action(3, None, 3),
            action(20, None, 0),
        ];
        assert_eq!(numbers(&items, &held, day(23)).closed, Some((1, 3)));
    }

    #[test]
    fn the_median_age_is_of_what_is_carried() {
        let items = [action(1, None, 2), action(10, None, 1), action(20, None, 0)];
        assert_eq!(numbers(&items, &[], day(21)).carried_days, Some(20));
    }
}

//! The partners' time as it was answered last, kept so that verbs that ask no
//! server explain with what the plan was made of. Spans only; nothing else is
//! ever answered.

use jiff::SignedDuration;

use crate::engine::look::PartnerTimes;
use crate::engine::world::World;
use crate::model::snapshot::PartnerTime;
use crate::model::time::{BusyPeriod, Fbtype, Window};
use crate::store::StoreError;

const KEY: &str = "partner time";

/// After this an answer is too old to explain anything with.
const STALE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Keeps what was answered; what is unknown now is forgotten.
///
/// # Errors
/// The store failed.
pub fn remember(world: &World, times: &PartnerTimes) -> Result<(), StoreError> {
    for pair in &world.pairs {
        let text = match times.get(&pair.id) {
            Some(PartnerTime::Known { span, busy }) => Some(write(span, busy)),
            Some(PartnerTime::Unknown { .. }) | None => None,
        };
        let known = world.store.value(&world.owner, Some(&pair.id), KEY)?;
        if known.is_some() || text.is_some() {
            let (store, owner, now) = (&world.store, &world.owner, world.now());
            store.set_value(owner, Some(&pair.id), KEY, text.as_deref(), now)?;
        }
    }
    Ok(())
}

/// What was answered last, where that is not too long ago.
///
/// # Errors
/// The store failed.
pub fn known(world: &World) -> Result<PartnerTimes, StoreError> {
    let mut times = PartnerTimes::new();
    for pair in &world.pairs {
        let Some((text, at)) = world.store.value(&world.owner, Some(&pair.id), KEY)? else {
            continue;
        };
        let fresh = at.saturating_add(STALE).is_ok_and(|end| world.now() < end);
        if let Some(time) = read(&text).filter(|_| fresh) {
            times.insert(pair.id.clone(), time);
        }
    }
    Ok(times)
}

fn write(span: &Window, busy: &[BusyPeriod]) -> String {
    let mut lines = vec![format!("{} {}", span.from, span.to)];
    for one in busy {
        let kind = match one.kind {
            Fbtype::Busy => "busy",
            Fbtype::Tentative => "tentative",
            Fbtype::Unavailable => "unavailable",
        };
        lines.push(format!("{} {} {kind}", one.span.from, one.span.to));
    }
    lines.join("\n")
}

fn read(text: &str) -> Option<PartnerTime> {
    let mut lines = text.lines();
    let window = |words: &mut dyn Iterator<Item = &str>| {
        Some(Window::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    };
    let span = window(&mut lines.next()?.split(' '))?;
    let busy = lines.map(|line| {
        let mut words = line.split(' ');
        let span = window(&mut words)?;
        let kind = match words.next()? {
            "tentative" => Fbtype::Tentative,
            "unavailable" => Fbtype::Unavailable,
            _ => Fbtype::Busy,
        };
        Some(BusyPeriod { span, kind, label: None, uid: None })
    });
    Some(PartnerTime::Known { span, busy: busy.collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_reads_back_without_titles() {
        let at = |hour: i8| jiff::civil::date(2026, 3, 3).at(hour, 0, 0, 0).in_tz("UTC").unwrap();
        let window = |a: i8, b: i8| Window::new(at(a).timestamp(), at(b).timestamp());
        let period = |span, kind| BusyPeriod { span, kind, label: None, uid: None };
        let busy = vec![
            period(window(9, 10), Fbtype::Busy),
            period(window(11, 12), Fbtype::Tentative),
            period(window(13, 14), Fbtype::Unavailable),
        ];
        let span = window(0, 23);
        let told = BusyPeriod { label: Some("Secret".to_owned()), ..busy[0].clone() };
        let text = write(&span, &[told, busy[1].clone(), busy[2].clone()]);
        assert!(!text.contains("Secret"));
        assert_eq!(read(&text), Some(PartnerTime::Known { span, busy }));
        assert_eq!(read("nonsense"), None);
    }
}

//! The proposal of another standing slot: looked for at most once a week, and
//! remembered in between, so that it neither changes daily nor comes back daily.

use jiff::SignedDuration;

use crate::engine::world::World;
use crate::model::id::{EventUid, PairId};
use crate::model::plan::Proposal;
use crate::plan::input::Weekly;
use crate::store::StoreError;

const KEY: &str = "standing slot proposal";

/// How long a proposal, or that there is none, stands.
const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What is known of this week's proposal.
///
/// # Errors
/// The store failed.
pub fn known(world: &World) -> Result<Weekly, StoreError> {
    let Some((text, at)) = world.store.value(&world.owner, None, KEY)? else {
        return Ok(Weekly::Due);
    };
    let over = at.saturating_add(WEEK).is_ok_and(|end| world.now() >= end);
    Ok(if over { Weekly::Due } else { Weekly::Made(read(&text)) })
}

/// Remembers what came of looking, where it was time to look.
///
/// # Errors
/// The store failed.
pub fn remember(world: &World, proposal: Option<&Proposal>) -> Result<(), StoreError> {
    if known(world)? != Weekly::Due {
        return Ok(());
    }
    let text = proposal.map(write).unwrap_or_default();
    world.store.set_value(&world.owner, None, KEY, Some(&text), world.now())
}

fn write(proposal: &Proposal) -> String {
    let Proposal { pair, uid, from, to, gain, off: (now, then, of) } = proposal;
    [
        pair.to_string(),
        uid.to_string(),
        from.to_string(),
        to.to_string(),
        gain.to_string(),
        now.to_string(),
        then.to_string(),
        of.to_string(),
    ]
    .join("\t")
}

fn read(text: &str) -> Option<Proposal> {
    let mut words = text.split('\t');
    Some(Proposal {
        pair: PairId::new(words.next()?),
        uid: EventUid::new(words.next()?),
        from: words.next()?.parse().ok()?,
        to: words.next()?.parse().ok()?,
        gain: words.next()?.parse().ok()?,
        off: (
            words.next()?.parse().ok()?,
            words.next()?.parse().ok()?,
            words.next()?.parse().ok()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_reads_back() {
        let proposal = Proposal {
            pair: PairId::new("bob@example.org"),
            uid: EventUid::new("uid 1"),
            from: "2026-03-10T09:00:00Z".parse().unwrap(),
            to: "2026-03-18T13:00:00Z".parse().unwrap(),
            gain: 120,
            off: (7, 2, 11),
        };
        assert_eq!(read(&write(&proposal)), Some(proposal));
        assert_eq!(read(""), None);
    }
}

//! Which pair a word on the command line means.

use crate::cli::failure::Failure;
use crate::config::words::nearest;
use crate::model::id::{Address, PairId};
use crate::model::pair::Pair;

/// Finds a pair by its id, the partner's address or name, or an unambiguous
/// beginning of one of them; upper and lower case are the same.
///
/// # Errors
/// When none or several fit; the failure suggests the nearest, or lists them.
pub fn find<'a>(pairs: &'a [Pair], wanted: &str) -> Result<&'a Pair, Failure> {
    let lower = wanted.trim().to_lowercase();
    let address = Address::new(wanted);
    let exact = pairs.iter().find(|pair| {
        pair.id.as_str().to_lowercase() == lower
            || pair.partner.is(&address)
            || pair.partner.name.to_lowercase() == lower
    });
    if let Some(pair) = exact {
        return Ok(pair);
    }
    let mut near = pairs.iter().filter(|pair| {
        !lower.is_empty() && names(pair).any(|name| name.to_lowercase().starts_with(&lower))
    });
    match (near.next(), near.next()) {
        (Some(pair), None) => Ok(pair),
        (Some(one), Some(two)) => Err(Failure::user(format!("{wanted:?} fits several pairs"))
            .hint(format!("say which: {} or {}", one.id, two.id))),
        (None, _) => Err(unknown(pairs, wanted)),
    }
}

/// As [`find`], for an optional word.
///
/// # Errors
/// As [`find`].
pub fn find_opt(pairs: &[Pair], wanted: Option<&str>) -> Result<Option<PairId>, Failure> {
    wanted.map(|text| find(pairs, text).map(|pair| pair.id.clone())).transpose()
}

fn names(pair: &Pair) -> impl Iterator<Item = &str> {
    let addresses = pair.partner.addresses.iter().map(Address::as_str);
    [pair.id.as_str(), pair.partner.name.as_str()].into_iter().chain(addresses)
}

fn unknown(pairs: &[Pair], wanted: &str) -> Failure {
    let failure = Failure::user(format!("there is no pair {wanted:?}"));
    if pairs.is_empty() {
        return failure.hint("add a [[pair]] to the configuration, or run `onbeat init`");
    }
    match nearest(wanted, pairs.iter().flat_map(names)) {
        Some(near) => failure.hint(format!("did you mean {near:?}?")),
        None => {
            let ids: Vec<&str> = pairs.iter().map(|pair| pair.id.as_str()).collect();
            failure.hint(format!("the pairs are: {}", ids.join(", ")))
        }
    }
}

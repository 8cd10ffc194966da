//! Minutes of the parts: they scale to the meeting and always add up to it.

/// Splits `total` minutes over parts by weight: whole minutes, at least one for
/// each part that stays, together exactly `total`. When there are more parts
/// than minutes the lightest get none (the later of equals first).
pub(super) fn split(total: u16, weights: &[u16]) -> Vec<u16> {
    let mut out = vec![0_u16; weights.len()];
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let weight = |at: usize| u32::from(weights.get(at).copied().unwrap_or(0).max(1));
    order.sort_by_key(|at| std::cmp::Reverse(weight(*at)));
    order.truncate(usize::from(total));
    if order.is_empty() {
        return out;
    }
    // One minute each, the rest in proportion, what is left to the largest parts
    // of a minute.
    let count = u16::try_from(order.len()).unwrap_or(u16::MAX);
    let rest = u32::from(total - count.min(total));
    let sum: u32 = order.iter().map(|at| weight(*at)).sum();
    let mut given = 0;
    let mut fractions: Vec<(u32, usize)> = Vec::with_capacity(order.len());
    for at in &order {
        // In proportion of the whole, minus the minute that is given already.
        let share = u32::from(total) * weight(*at);
        let whole = (share / sum).saturating_sub(1).min(rest);
        let fraction = if share / sum == 0 { 0 } else { share % sum };
        fractions.push((fraction, *at));
        given += whole;
        add(&mut out, *at, 1 + whole);
    }
    fractions.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left = rest.saturating_sub(given);
    let mut over = given.saturating_sub(rest);
    while left > 0 {
        for (_, at) in &fractions {
            if left > 0 {
                add(&mut out, *at, 1);
                left -= 1;
            }
        }
    }
    while over > 0 {
        // Small parts were lifted to one minute: the longest part gives it back.
        let Some(longest) = out.iter_mut().max_by_key(|minutes| **minutes) else { break };
        *longest = longest.saturating_sub(1);
        over -= 1;
    }
    out
}

fn add(out: &mut [u16], at: usize, minutes: u32) {
    if let Some(slot) = out.get_mut(at) {
        *slot = slot.saturating_add(u16::try_from(minutes).unwrap_or(u16::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_an_hour_and_others() {
        assert_eq!(split(30, &[3, 6, 6, 6, 4, 5]), [3, 6, 6, 6, 4, 5]);
        assert_eq!(split(60, &[3, 6, 6, 6, 4, 5]), [6, 12, 12, 12, 8, 10]);
        assert_eq!(split(15, &[3, 6, 6, 6, 4, 5]).iter().sum::<u16>(), 15);
        assert_eq!(split(3, &[3, 6, 6, 6, 4, 5]), [0, 1, 1, 1, 0, 0]);
        assert_eq!(split(0, &[1, 1]), [0, 0]);
        assert_eq!(split(10, &[]), [0_u16; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn always_adds_up(total in 0_u16..600, weights in proptest::collection::vec(0_u16..100, 1..14)) {
            let parts = split(total, &weights);
            prop_assert_eq!(parts.iter().sum::<u16>(), total);
            if usize::from(total) >= weights.len() {
                prop_assert!(parts.iter().all(|minutes| *minutes >= 1));
            }
        }
    }
}

//! Bit sets over the quarter hours of one person's local day, and the focus
//! time left in them. Knows nothing of people, meetings or prices.

/// The slots of one local day; bit 0 is the day's first slot. 128 bits hold a
/// 25-hour day and the tail of a meeting that runs past its end.
pub(crate) type Mask = u128;

/// `len` slots from `start` on; what lies beyond the mask is dropped.
#[inline]
pub(crate) fn span(start: u32, len: u32) -> Mask {
    let ones = 1u128.checked_shl(len).unwrap_or(0).wrapping_sub(1);
    ones.checked_shl(start).unwrap_or(0)
}

/// The slots of a meeting widened by `buffer` on both sides.
#[inline]
pub(crate) fn widened(start: u32, len: u32, buffer: u32) -> Mask {
    let from = start.saturating_sub(buffer);
    span(from, start + len + buffer - from)
}

/// Only those slots that lie in runs of at least `run` set slots.
#[inline]
pub(crate) fn keep_runs(mask: Mask, run: u32) -> Mask {
    let mut kept = mask;
    let mut have = 1;
    while have < run {
        let step = have.min(run - have);
        kept &= kept >> step;
        have += step;
    }
    have = 1;
    while have < run {
        let step = have.min(run - have);
        kept |= kept << step;
        have += step;
    }
    kept
}

/// Number of focus slots: those in free runs of at least `run` slots.
#[inline]
pub(crate) fn focus(free: Mask, run: u32) -> i32 {
    keep_runs(free, run).count_ones() as i32
}

/// The positions of the set bits, ascending.
pub(crate) fn bits(mut mask: Mask) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let bit = mask.trailing_zeros();
        mask &= mask - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow_focus(mask: Mask, run: u32) -> i32 {
        let (mut total, mut length) = (0, 0);
        for bit in 0..=128 {
            if bit < 128 && mask >> bit & 1 == 1 {
                length += 1;
            } else {
                total += if length >= run { length } else { 0 };
                length = 0;
            }
        }
        total as i32
    }

    #[test]
    fn focus_counts_the_long_runs_only() {
        assert_eq!(focus(span(3, 7), 8), 0);
        assert_eq!(focus(span(3, 8), 8), 8);
        assert_eq!(focus(span(0, 9) | span(10, 7) | span(20, 20), 8), 29);
        assert_eq!(focus(span(5, 1), 1), 1);
        assert_eq!(focus(0, 8), 0);
    }

    proptest::proptest! {
        #[test]
        fn focus_equals_the_plain_count(mask: u128, other: u128, run in 1u32..20) {
            for m in [mask, mask | other, mask & other] {
                proptest::prop_assert_eq!(focus(m, run), slow_focus(m, run));
            }
        }
    }

    #[test]
    fn spans_are_clipped() {
        assert_eq!(span(0, 128), u128::MAX);
        assert_eq!(span(127, 5), 1 << 127);
        assert_eq!(widened(1, 2, 3), span(0, 6));
        assert_eq!(bits(span(4, 3)).collect::<Vec<_>>(), [4, 5, 6]);
    }
}

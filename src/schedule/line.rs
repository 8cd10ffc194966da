//! Sets of quarter hours over the whole horizon, as words of bits.

use super::mask::Mask;
use super::zone::SLOT;

/// A set of slots over the whole horizon.
#[derive(Debug, Clone)]
pub(crate) struct Line(pub(crate) Vec<u64>);

impl Line {
    pub(crate) fn new(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64) + 2])
    }
    fn get(&self, slot: i64) -> bool {
        let word = usize::try_from(slot).ok().and_then(|s| self.0.get(s / 64));
        word.is_some_and(|w| w >> (slot as u64 % 64) & 1 == 1)
    }
    pub(crate) fn set(&mut self, from: i64, to: i64) {
        let slots = self.0.len() as i64 * 64;
        let (mut at, to) = (from.clamp(0, slots) as usize, to.clamp(0, slots) as usize);
        while at < to {
            let bits = (64 - at % 64).min(to - at);
            let ones = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            if let Some(word) = self.0.get_mut(at / 64) {
                *word |= ones << (at % 64);
            }
            at += bits;
        }
    }
    /// Sets the slots that minutes `[from, to)` touch, `pad` more on both sides.
    pub(crate) fn cover(&mut self, events: &[(i64, i64)], pad: i64) {
        for &(from, to) in events.iter().filter(|e| e.0 < e.1) {
            self.set(from.div_euclid(SLOT) - pad, -(-to).div_euclid(SLOT) + pad);
        }
    }
    /// `len` set slots in a row from `slot` on?
    pub(crate) fn all(&self, slot: i64, len: i64) -> bool {
        (slot..slot + len).all(|s| self.get(s))
    }
    pub(crate) fn any(&self, slot: i64, len: i64) -> bool {
        (slot..slot + len).any(|s| self.get(s))
    }
    /// 128 slots from `slot` on.
    pub(crate) fn window(&self, slot: i64) -> Mask {
        let word =
            |i: i64| usize::try_from(i).ok().and_then(|i| self.0.get(i)).copied().unwrap_or(0);
        let (index, shift) = (slot.div_euclid(64), slot.rem_euclid(64) as u32);
        let low = Mask::from(word(index)) | Mask::from(word(index + 1)) << 64;
        if shift == 0 { low } else { low >> shift | Mask::from(word(index + 2)) << (128 - shift) }
    }
}

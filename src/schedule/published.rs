//! What calendars show already: history stays, what lies inside the lead time
//! stays or is declared not held, every other change costs churn.

use super::candidates::{Made, View, Work};
use super::compile::units;
use super::problem::{Cell, NEVER, UNIT};
use super::zone::SLOT;

impl Work<'_> {
    /// Applies the published slots of one series to its draft.
    pub(crate) fn publish(
        &self,
        view: &View<'_>,
        published: &[Option<i64>],
        made: &mut Made,
    ) -> Result<(), &'static str> {
        let (series, now) = (view.series, self.spec.now);
        if published.iter().any(Option::is_some) && !series.pinned {
            return Err("published occurrences need a pinned standing slot");
        }
        let frozen_until = now + series.lead;
        if !series.pinned {
            made.draft.cells.retain(|c| i64::from(c.slot) * SLOT >= frozen_until);
            return Ok(());
        }
        let Some((index, minute)) = series.current else {
            return Err("is pinned but has no standing slot");
        };
        let dates = series.tracks.get(index).ok_or("the standing slot has no such rhythm")?;
        if published.len() != dates.len() {
            return Err("as many published slots as occurrences are needed");
        }
        let mut moved = 0;
        let (mut open, mut open_dates, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (k, (&date, &slot)) in dates.iter().zip(published).enumerate() {
            if let Some(slot) = slot.filter(|s| series.settled || s * SLOT < now) {
                let at =
                    u32::try_from(slot).map_err(|_| "a published slot lies before the origin")?;
                let base = view.anchor.slot_at(i64::from(date), minute);
                moved += u32::from(base != slot);
                made.constant +=
                    self.history(view, date, slot, base).ok_or("weights are too large")?;
                made.fixed.push((k, at));
                continue;
            }
            open.push(k);
            open_dates.push(date);
            self.keep_cells(view, date, slot, frozen_until, made, &mut kept)
                .ok_or("weights are too large")?;
        }
        made.draft.cells = kept;
        made.open = open;
        let fair = i64::from(made.draft.fair);
        for (i, track) in made.draft.tracks.iter_mut().enumerate().filter(|(i, _)| *i == index) {
            let _ = i;
            track.dates.clone_from(&open_dates);
            made.constant += fair * i64::from(moved.saturating_sub(track.free_moves));
            track.free_moves = track.free_moves.saturating_sub(moved);
        }
        Ok(())
    }

    /// Units of an occurrence that is history.
    fn history(&self, view: &View<'_>, date: u16, slot: i64, base: i64) -> Option<i64> {
        let (day, minute) = view.anchor.local(slot);
        let day_index = usize::try_from(day).ok()?;
        let mut points = self.points(view, day_index, minute, slot);
        if slot != base {
            points += self.spec.move_points((day - i64::from(date)).abs());
        }
        Some(i64::from(points.clamp(0, i64::from(NEVER / UNIT)) as i32) * i64::from(UNIT))
    }

    /// Copies the cells one published occurrence may take, churn included.
    fn keep_cells(
        &self,
        view: &View<'_>,
        date: u16,
        slot: Option<i64>,
        frozen_until: i64,
        made: &Made,
        kept: &mut Vec<Cell>,
    ) -> Option<()> {
        let weights = &self.spec.weights;
        let soon = slot.is_some_and(|s| s * SLOT < self.spec.now + 2 * 1440);
        let churn = units(weights.churn + if soon { weights.churn_soon } else { 0 })?;
        let frozen = slot.is_some_and(|s| s * SLOT < frozen_until);
        let near = |d: u16| usize::from(d.abs_diff(date)) <= view.series.tolerance;
        for cell in made.draft.cells.iter().filter(|c| near(c.date)) {
            let same = slot == Some(i64::from(cell.slot));
            if !same && (frozen || i64::from(cell.slot) * SLOT < frozen_until) {
                continue;
            }
            let mut cell = *cell;
            cell.cost += if slot.is_some() && !same { churn } else { 0 };
            kept.push(cell);
        }
        Some(())
    }
}

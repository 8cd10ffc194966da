//! Drawings of the HTML report: plain SVG, coloured by the page's style sheet and
//! told apart by shape as well as by colour.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::model::ledger::{Beat, Verdict};
use crate::model::report::{Gap, Month};

/// The longest stretch a timeline shows, in days.
const YEAR: i32 = 366;
/// Pixels per day.
const DAY: i32 = 2;
/// The latest gaps a chart shows.
const GAPS: usize = 53;

/// Shapes used by all timelines and the legend.
pub(crate) const SYMBOLS: &str = r##"<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>
<g id="m-held"><rect class="f-h" x="-3" y="-8" width="6" height="16" rx="1"/></g>
<g id="m-pushed"><path class="f-p" d="M-4-7L4 0L-4 7Z"/></g>
<g id="m-pulled"><path class="f-e" d="M4-7L-4 0L4 7Z"/></g>
<g id="m-skipped"><path class="s-s" d="M-4-5L4 5M4-5L-4 5"/></g>
<g id="m-excused"><circle class="s-x" r="4"/></g>
<g id="m-unknown"><path class="s-x" d="M-3 0H3" stroke-dasharray="2 1"/></g>
<g id="m-upcoming"><rect class="s-x" x="-3" y="-6" width="6" height="12" rx="1"/></g>
</defs></svg>
"##;

/// The shape and its word, for the legend.
pub(crate) const LEGEND: [(&str, &str); 7] = [
    ("held", "held at the planned time"),
    ("pushed", "held later"),
    ("pulled", "held earlier"),
    ("skipped", "skipped"),
    ("excused", "excused"),
    ("unknown", "unknown"),
    ("upcoming", "to come"),
];

/// The stretch a timeline shows: at most the last year before `to`.
pub(crate) struct Stretch<'a> {
    pub(crate) from: Date,
    pub(crate) days: i32,
    pub(crate) zone: &'a TimeZone,
}

impl<'a> Stretch<'a> {
    pub(crate) fn new(from: Timestamp, to: Timestamp, zone: &'a TimeZone) -> Self {
        let end = zone.to_datetime(to).date();
        let start = zone.to_datetime(from).date();
        let earliest = end.checked_sub(Span::new().days(YEAR)).unwrap_or(start);
        let from = start.max(earliest);
        let days = from.until(end).map_or(YEAR, |span| span.get_days()).clamp(1, YEAR);
        Self { from, days, zone }
    }

    fn x(&self, at: Timestamp) -> Option<i32> {
        let day = self.from.until(self.zone.to_datetime(at).date()).ok()?.get_days();
        (0..=self.days).contains(&day).then(|| day * DAY + 6)
    }

    /// The beats it shows.
    pub(crate) fn beats<'b>(&self, beats: &'b [Beat]) -> impl Iterator<Item = &'b Beat> {
        let from = crate::model::time::CalTime::Date(self.from).instant(self.zone);
        let first = beats.partition_point(|beat| beat.planned < from);
        beats.get(first..).unwrap_or(&[]).iter()
    }
}

/// One pair's beats along the year. `label` says in words what it shows.
pub(crate) fn timeline(beats: &[Beat], stretch: &Stretch<'_>, label: &str, out: &mut String) {
    let width = stretch.days * DAY + 12;
    let _ = write!(
        out,
        r#"<div class="scroll wide" tabindex="0" role="region" aria-label="{label}"><svg viewBox="0 0 {width} 44" role="img" aria-label="{label}">"#
    );
    months_axis(stretch, out);
    let _ = write!(out, r#"<path class="axis" d="M0 28H{width}"/>"#);
    for beat in stretch.beats(beats) {
        mark(beat, stretch, out);
    }
    out.push_str("</svg></div>\n");
}

fn months_axis(stretch: &Stretch<'_>, out: &mut String) {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut month = stretch.from.first_of_month();
    loop {
        let Ok(next) = month.checked_add(Span::new().months(1)) else { return };
        month = next;
        let day = stretch.from.until(month).map_or(i32::MAX, |span| span.get_days());
        if day > stretch.days - 10 {
            return;
        }
        let place = usize::try_from(month.month() - 1).unwrap_or(0);
        let name = NAMES.get(place).copied().unwrap_or("");
        let x = day * DAY + 6;
        let _ =
            write!(out, r#"<path class="axis" d="M{x} 14V40"/><text x="{x}" y="10">{name}</text>"#);
    }
}

fn mark(beat: &Beat, stretch: &Stretch<'_>, out: &mut String) {
    let Some(planned) = stretch.x(beat.planned) else { return };
    let word = beat.verdict.word();
    let (shape, at) = match beat.verdict {
        Verdict::Ended => return,
        Verdict::Pushed | Verdict::Pulled => {
            (word, beat.actual.and_then(|at| stretch.x(at)).unwrap_or(planned))
        }
        Verdict::Held
        | Verdict::Skipped
        | Verdict::Excused
        | Verdict::Unknown
        | Verdict::Upcoming => (word, planned),
    };
    if at != planned {
        let class = if at > planned { "s-p" } else { "s-e" };
        let _ = write!(out, r#"<path class="{class}" d="M{planned} 24V28H{at}"/>"#);
    }
    let date = stretch.zone.to_datetime(beat.planned).date();
    let _ = write!(
        out,
        r##"<use href="#m-{shape}" x="{at}" y="28"><title>{date} {word}</title></use>"##
    );
}

/// Held rate by month as bars; the numbers stand in the label.
pub(crate) fn trend(months: &[Month], out: &mut String) {
    let shown = months.get(months.len().saturating_sub(12)..).unwrap_or(months);
    let said: Vec<String> = shown
        .iter()
        .map(|one| format!("{}-{:02}: {} of {}", one.year, one.month, one.held, one.counted))
        .collect();
    let _ = write!(
        out,
        r#"<svg viewBox="0 0 300 80" role="img" aria-label="Held by month. {}"><path class="axis" d="M0 64H300"/>"#,
        said.join(", ")
    );
    for (place, one) in (0_i32..).zip(shown) {
        let x = place * 25 + 3;
        let full = i64::from(one.counted.max(1));
        let height = i64::from(one.held) * 56 / full;
        let y = 64 - height;
        let _ = write!(
            out,
            r#"<rect class="f-h" x="{x}" y="{y}" width="17" height="{height}"><title>{}-{:02}: {} of {}</title></rect><text x="{x}" y="76">{:02}</text>"#,
            one.year, one.month, one.held, one.counted, one.month
        );
    }
    out.push_str("</svg>\n");
}

/// Days between meetings relative to the cadence as bars, with lines at 1 and 1.5.
pub(crate) fn gap_chart(gaps: &[Gap], zone: &TimeZone, out: &mut String) {
    let shown = gaps.get(gaps.len().saturating_sub(GAPS)..).unwrap_or(gaps);
    let over = shown.iter().filter(|gap| gap.ratio > 1.5).count();
    let _ = write!(
        out,
        r#"<svg viewBox="0 0 300 80" role="img" aria-label="Days between meetings relative to the cadence, latest {}: {over} longer than one and a half cadences"><path class="goal" d="M0 48H300M0 36H300"/><text x="300" y="46" text-anchor="end">1×</text><text x="300" y="34" text-anchor="end">1.5×</text>"#,
        shown.len()
    );
    let step = 280.0 / f64::from(u32::try_from(shown.len()).unwrap_or(1).max(20));
    for (place, gap) in (0_i32..).zip(shown) {
        let x = f64::from(place) * step;
        let height = (gap.ratio * 24.0).clamp(1.0, 70.0);
        let class = if gap.ratio > 1.5 { "f-s" } else { "f-h" };
        let day = zone.to_datetime(gap.until).date();
        let running = if gap.running { ", still running" } else { "" };
        let _ = write!(
            out,
            r#"<rect class="{class}" x="{x:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{:.0} days up to {day}{running}</title></rect>"#,
            72.0 - height,
            step * 0.7,
            gap.days
        );
    }
    out.push_str(r#"<path class="axis" d="M0 72H300"/></svg>"#);
    out.push('\n');
}

//! The report as one HTML file that needs nothing else: no script, no font, no
//! request. Reads on a phone and on paper, in light and dark, by keyboard and by
//! screen reader.

mod charts;

use std::fmt::Write as _;

use charts::{LEGEND, SYMBOLS, Stretch};

use crate::model::ledger::{Beat, Verdict};
use crate::model::report::{Month, Numbers, PairReport, Report};
use crate::report::context::{CAVEAT, FIGURES};
use crate::report::numbers::{counted, gaps};
use crate::report::text::{attention_lines, date, fact_lines, percent, ratio, sentence};
use crate::report::words::cause_text;

/// Above this many pairs each section stays short: charts in the overview only.
const MANY: usize = 200;

/// Renders the whole page.
pub fn page(report: &Report) -> String {
    let mut out = String::with_capacity(64 * 1024);
    let title = format!("1:1 consistency of {}", report.owner);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"generator\" content=\"onbeat\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n",
        escape(&title),
        include_str!("html/style.css")
    );
    out.push_str(SYMBOLS);
    header(report, &title, &mut out);
    out.push_str("<main id=\"content\">\n");
    cards(&report.overall, &mut out);
    attention(report, &mut out);
    overview(report, &mut out);
    trends(report, &mut out);
    pairs(report, &mut out);
    reasons(report, &mut out);
    comparison(&mut out);
    out.push_str("</main>\n");
    footer(report, &mut out);
    out.push_str("</body>\n</html>\n");
    out
}

fn header(report: &Report, title: &str, out: &mut String) {
    let day = |at| date(at, &report.zone);
    let _ = write!(
        out,
        "<header>\n<h1>{}</h1>\n<p class=\"dim\">{} to {}, as of {}</p>\n<p>{}</p>\n</header>\n",
        escape(title),
        day(report.window.from),
        day(report.window.to.min(report.as_of)),
        day(report.as_of),
        escape(&sentence(&report.overall))
    );
}

fn cards(n: &Numbers, out: &mut String) {
    let cards = [
        ("Held", percent(n.held_rate), format!("of {} counted", counted(n))),
        ("At the planned time", percent(n.on_beat_rate), format!("{} meetings", n.held)),
        ("Pushed", n.pushed.to_string(), format!("{} days later in all", n.drift_days)),
        ("Skipped", n.skipped.to_string(), "and not excused".to_owned()),
        ("Excused", n.excused.to_string(), "absences and holidays".to_owned()),
        ("Unknown", n.unknown.to_string(), "could not be told".to_owned()),
    ];
    out.push_str("<ul class=\"cards\">\n");
    for (name, value, note) in cards {
        let _ = writeln!(out, "<li>{name}<b>{value}</b><span class=\"dim\">{note}</span></li>");
    }
    out.push_str("</ul>\n");
}

fn attention(report: &Report, out: &mut String) {
    let lines = attention_lines(report);
    if !lines.is_empty() {
        out.push_str("<h2>Worth a look</h2>\n");
        list(&lines, out);
    }
}

fn overview(report: &Report, out: &mut String) {
    out.push_str("<h2>Overview</h2>\n");
    if report.pairs.is_empty() {
        out.push_str("<p>No recurring 1:1 was found.</p>\n");
        return;
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Overview table\"><table>\n<caption>Every 1:1, in the order of the configuration</caption>\n<thead><tr><th scope=\"col\">With</th>");
    for name in [
        "Held",
        "On time",
        "Pushed",
        "Pulled",
        "Skipped",
        "Excused",
        "Median gap",
        "Longest",
        "In a row",
        "n",
        "Unknown",
    ] {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (place, pair) in report.pairs.iter().enumerate() {
        let n = &pair.numbers;
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><a href=\"#p{place}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&pair.name),
            percent(n.held_rate),
            percent(n.on_beat_rate),
            n.pushed,
            n.pulled,
            n.skipped,
            n.excused,
            ratio(n.median_gap),
            ratio(n.worst_gap),
            n.streak,
            counted(n),
            n.unknown
        );
    }
    out.push_str("</tbody>\n</table></div>\n<p class=\"dim\">Gaps are in cadences: 1.0 is exactly on rhythm.");
    if let Some(spread) = report.spread {
        let _ =
            write!(out, " Highest and lowest held rate lie {:.0} points apart.", spread * 100.0);
    }
    out.push_str("</p>\n");
}

fn trends(report: &Report, out: &mut String) {
    let mut all: Vec<Month> = Vec::new();
    for month in report.pairs.iter().flat_map(|pair| &pair.months) {
        match all.iter_mut().find(|one| (one.year, one.month) == (month.year, month.month)) {
            Some(known) => {
                known.held += month.held;
                known.counted += month.counted;
            }
            None => all.push(*month),
        }
    }
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|one| (one.year, one.month));
    out.push_str("<h2>Month by month</h2>\n<div class=\"two\"><div>\n<h3>Held, all 1:1s</h3>\n");
    charts::trend(&all, out);
    out.push_str("</div><div>\n<h3>In numbers</h3>\n<p class=\"dim\">");
    let shown = all.get(all.len().saturating_sub(12)..).unwrap_or(&all);
    for (place, one) in shown.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let _ =
            write!(out, "{comma}{}-{:02}: {} of {}", one.year, one.month, one.held, one.counted);
    }
    out.push_str("</p>\n</div></div>\n");
}

fn pairs(report: &Report, out: &mut String) {
    if report.pairs.is_empty() {
        return;
    }
    out.push_str("<h2>Each 1:1</h2>\n<ul class=\"legend\">\n");
    for (shape, word) in LEGEND {
        let _ = writeln!(
            out,
            "<li><svg width=\"14\" height=\"20\" viewBox=\"-7 -10 14 20\" aria-hidden=\"true\"><use href=\"#m-{shape}\"/></svg>{word}</li>"
        );
    }
    out.push_str("</ul>\n");
    let end = report.window.to.min(report.as_of);
    let stretch = Stretch::new(report.window.from, end, &report.zone);
    let long = report.pairs.len() <= MANY;
    for (place, pair) in report.pairs.iter().enumerate() {
        section(report, place, pair, &stretch, long, out);
    }
}

fn section(
    report: &Report,
    place: usize,
    pair: &PairReport,
    stretch: &Stretch<'_>,
    long: bool,
    out: &mut String,
) {
    let n = &pair.numbers;
    let name = escape(&pair.name);
    let _ = write!(
        out,
        "<section class=\"pair\" aria-labelledby=\"p{place}\">\n<h3 id=\"p{place}\">{name}</h3>\n<p>{}</p>\n",
        escape(&sentence(n))
    );
    if !long {
        out.push_str("</section>\n");
        return;
    }
    let label = format!(
        "{name}, timeline: {} held, {} pushed, {} pulled, {} skipped, {} excused, {} unknown",
        n.held, n.pushed, n.pulled, n.skipped, n.excused, n.unknown
    );
    charts::timeline(&pair.beats, stretch, &label, out);
    let over = crate::report::has_lapsed(&report.findings, &pair.pair);
    let between = gaps(&pair.beats, report.as_of, over);
    if !pair.months.is_empty() {
        out.push_str("<div class=\"two\"><div><h4>Held by month</h4>\n");
        charts::trend(&pair.months, out);
        out.push_str("</div><div><h4>Between meetings, in cadences</h4>\n");
        charts::gap_chart(&between, &report.zone, out);
        out.push_str("</div></div>\n");
    }
    list(&fact_lines(n), out);
    beat_table(report, &pair.beats, stretch, out);
    out.push_str("</section>\n");
}

/// The timeline once more as a table, for those who do not see it.
fn beat_table(report: &Report, beats: &[Beat], stretch: &Stretch<'_>, out: &mut String) {
    let shown: Vec<&Beat> =
        stretch.beats(beats).filter(|beat| beat.verdict != Verdict::Ended).collect();
    if shown.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details><summary>All {} as a table</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Beats as a table\"><table>\n<thead><tr><th scope=\"col\">Planned</th><th scope=\"col\">Outcome</th><th scope=\"col\">Took place</th><th scope=\"col\">Why</th><th scope=\"col\">Pushes</th></tr></thead>\n<tbody>\n",
        shown.len()
    );
    for beat in shown {
        let local = |at| {
            let local = report.zone.to_datetime(at);
            format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            local(beat.planned),
            beat.verdict.word(),
            beat.actual.filter(|_| beat.verdict.is_held()).map_or_else(|| "–".to_owned(), local),
            beat.cause.map_or("", cause_text),
            beat.pushes
        );
    }
    out.push_str("</tbody>\n</table></div></details>\n");
}

fn reasons(report: &Report, out: &mut String) {
    out.push_str("<h2>Who moves what, and why</h2>\n");
    list(&fact_lines(&report.overall), out);
    let moved: Vec<&PairReport> = report
        .pairs
        .iter()
        .filter(|pair| pair.numbers.by != crate::model::report::Initiators::default())
        .collect();
    if moved.is_empty() {
        return;
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Who moves what\"><table>\n<caption>Meetings moved or taken off, by whom, as far as the calendar tells</caption>\n<thead><tr><th scope=\"col\">With</th><th scope=\"col\">You</th><th scope=\"col\">Partner</th><th scope=\"col\">onbeat</th><th scope=\"col\">Others</th><th scope=\"col\">Not known</th></tr></thead>\n<tbody>\n");
    for pair in moved {
        let by = pair.numbers.by;
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&pair.name),
            by.owner,
            by.partner,
            by.onbeat,
            by.other,
            by.unknown
        );
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn comparison(out: &mut String) {
    out.push_str("<h2>For comparison</h2>\n<ul>\n");
    for figure in FIGURES {
        let _ = writeln!(
            out,
            "<li>{} <span class=\"dim\">({})</span></li>",
            escape(figure.text),
            escape(figure.source)
        );
    }
    let _ = write!(out, "</ul>\n<p class=\"dim\">{CAVEAT}</p>\n");
}

fn footer(report: &Report, out: &mut String) {
    out.push_str("<footer>\n<h2>How to read this</h2>\n");
    let mut lines = vec![
        "Held: still on the calendar at its end and called off by nobody. A calendar cannot show that two people met; only a person or a conferencing record can confirm it.".to_owned(),
        "Held rate: held, pushed and pulled, out of expected less excused and unknown.".to_owned(),
        "Pushed: moved to a later date, or two hours or more later on the same day.".to_owned(),
        "Excused: somebody was away all day, or it was a public holiday. Unknown: the calendar could not be read well enough to tell.".to_owned(),
    ];
    lines.extend(report.notes.iter().cloned());
    list(&lines, out);
    out.push_str("</footer>\n");
}

fn list(lines: &[String], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    out.push_str("<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", escape(line));
    }
    out.push_str("</ul>\n");
}

/// Text made safe for elements and quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

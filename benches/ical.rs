//! Throughput of the calendar text layer. Targets: line index 500 MB/s, typed
//! parse 100 MB/s, a year of a ten-year-old weekly series 20 µs.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use onbeat::ical::edit;
use onbeat::ical::lines::Lines;
use onbeat::ical::parse::parse;
use onbeat::ical::recur::{Limits, expand};
use onbeat::model::event::Event;
use onbeat::model::time::Window;

fn main() {
    divan::main();
}

/// A calendar of so many meetings, each with people, an agenda and an alarm.
fn calendar(events: usize) -> Vec<u8> {
    let mut out = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n");
    for n in 0..events {
        out.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:event-{n}@example.org\r\nDTSTAMP:20260101T000000Z\r\n\
             DTSTART;TZID=Europe/Berlin:202601{:02}T100000\r\nDTEND;TZID=Europe/Berlin:202601{:02}T103000\r\n\
             RRULE:FREQ=WEEKLY;BYDAY=TU\r\nEXDATE;TZID=Europe/Berlin:20260113T100000\r\n\
             SUMMARY:Elena / Bob {n}\r\nLOCATION:Room 4\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nSEQUENCE:2\r\n\
             ORGANIZER;CN=Elena:mailto:elena@example.org\r\n\
             ATTENDEE;CN=Elena;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:elena@example.org\r\n\
             ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;ROLE=REQ-PARTICIPANT:mailto:b\r\n ob@example.org\r\n\
             DESCRIPTION:Check-in\\n- goals\\, metrics and what stands in the way of them th\r\n \
             is week\\n- feedback both ways\\n- actions from last time and who has them now\\n \
             \r\n and when they are due\r\n\
             X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nCREATED:20260101T000000Z\r\nLAST-MODIFIED:20260102T000000Z\r\n\
             BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\n",
            n % 28 + 1,
            n % 28 + 1,
        ));
    }
    out.push_str("END:VCALENDAR\r\n");
    out.into_bytes()
}

#[divan::bench]
fn line_index(bencher: Bencher) {
    let data = calendar(8_000);
    bencher
        .counter(BytesCount::new(data.len()))
        .bench(|| Lines::new(black_box(&data)).map(|lines| lines.len()));
}

#[divan::bench]
fn typed_parse(bencher: Bencher) {
    let data = calendar(8_000);
    bencher.counter(BytesCount::new(data.len())).bench(|| parse(black_box(&data)).events.len());
}

#[divan::bench]
fn typed_parse_of_one_resource(bencher: Bencher) {
    let data = calendar(1);
    bencher.counter(BytesCount::new(data.len())).bench(|| parse(black_box(&data)).events.len());
}

fn weekly(rule: &str) -> Event {
    let text = format!(
        "BEGIN:VEVENT\r\nUID:w\r\nDTSTART;TZID=Europe/Berlin:20160105T100000\r\nDURATION:PT30M\r\nRRULE:{rule}\r\nEND:VEVENT\r\n"
    );
    parse(text.as_bytes()).events.remove(0)
}

fn year() -> Window {
    let at = |text: &str| text.parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    Window::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
}

#[divan::bench(args = [
    "FREQ=WEEKLY;BYDAY=TU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "FREQ=WEEKLY;BYDAY=TU;COUNT=1000",
    "FREQ=MONTHLY;BYDAY=1TU",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
])]
fn a_year_of_a_ten_year_old_series(bencher: Bencher, rule: &str) {
    let event = weekly(rule);
    let window = year();
    bencher.bench(|| {
        expand(black_box(&event), window, &TimeZone::UTC, Limits::default()).occurrences.len()
    });
}

#[divan::bench]
fn one_agenda_written(bencher: Bencher) {
    let data = calendar(1);
    let at = "2026-02-03T09:00:00Z".parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    bencher.bench(|| edit::set_block(black_box(&data), "event-0@example.org", Some(at), "agenda"));
}

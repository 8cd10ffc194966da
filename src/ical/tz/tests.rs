//! Tests of `ical::tz`: bytes in, values out.

use super::*;
use jiff::civil::datetime;

fn zone_of(text: &str, tzid: &str) -> Resolved {
    let lines = Lines::new(text.as_bytes()).unwrap();
    Zones::new(&lines).resolve(tzid)
}

fn offset_at(zone: &TimeZone, local: jiff::civil::DateTime) -> i32 {
    zone.to_offset(crate::model::time::resolve(local, zone)).seconds()
}

#[test]
fn every_row_of_the_tables_is_a_zone() {
    for text in [names::WINDOWS_TABLE, names::DISPLAY_TABLE] {
        let table = names::table(text);
        assert!(table.len() > 60);
        for (name, zone) in table {
            assert!(iana(zone).is_some(), "{name}: {zone}");
        }
    }
}

#[test]
fn names_without_a_file() {
    for (tzid, want, source) in [
        ("Europe/Berlin", "Europe/Berlin", ZoneSource::Iana),
        ("europe/berlin", "Europe/Berlin", ZoneSource::Iana),
        ("\"Europe/Berlin\"", "Europe/Berlin", ZoneSource::Iana),
        ("/lab.example/20260101_1/Europe/Berlin", "Europe/Berlin", ZoneSource::Prefixed),
        (
            "/a/b/America/Argentina/Buenos_Aires",
            "America/Argentina/Buenos_Aires",
            ZoneSource::Prefixed,
        ),
        ("posix/Europe/Vaduz", "Europe/Vaduz", ZoneSource::Prefixed),
        ("W. Europe Standard Time", "Europe/Berlin", ZoneSource::Windows),
        ("w. europe standard time", "Europe/Berlin", ZoneSource::Windows),
        ("tzone://Microsoft/Utc", "Etc/UTC", ZoneSource::Windows),
        (
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "Europe/Berlin",
            ZoneSource::Display,
        ),
        ("(GMT-03:00) Montevideo", "America/Montevideo", ZoneSource::Display),
    ] {
        let found = zone_of("", tzid);
        assert_eq!(found.source, source, "{tzid}");
        assert_eq!(found.zone.unwrap().iana_name(), Some(want), "{tzid}");
    }
    let fixed = zone_of("", "UTC+02:00");
    assert_eq!(fixed.source, ZoneSource::Offset);
    assert_eq!(offset_at(&fixed.zone.unwrap(), datetime(2024, 1, 1, 0, 0, 0, 0)), 7200);
    for unknown in ["", "Customized Time Zone", "tzone://Microsoft/Custom", "Berlin", "1"] {
        let found = zone_of("", unknown);
        assert_eq!((found.zone.is_none(), found.source), (true, ZoneSource::Unknown), "{unknown}");
    }
}

const CUSTOM: &str = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\nEND:VCALENDAR\n";

/// Every hour of some years against the IANA zone with the same rules.
fn agrees(zone: &TimeZone, name: &str, years: std::ops::Range<i16>) {
    let want = iana(name).unwrap();
    for year in years {
        let mut at = datetime(year, 1, 1, 0, 30, 0, 0);
        while at.year() == year {
            assert_eq!(
                crate::model::time::resolve(at, zone),
                crate::model::time::resolve(at, &want),
                "{at}"
            );
            at = at.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        }
    }
}

#[test]
fn custom_rules_as_posix() {
    let found = zone_of(CUSTOM, "Customized Time Zone");
    assert_eq!(found.source, ZoneSource::Rules);
    agrees(&found.zone.unwrap(), "Europe/Berlin", 2020..2024);
}

#[test]
fn changing_rules_as_transitions() {
    let part = |kind: &str, start: &str, from: &str, to: &str, rule: &str| {
        format!(
            "BEGIN:{kind}\nDTSTART:{start}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\nRRULE:{rule}\nEND:{kind}\n"
        )
    };
    let text = format!(
        "BEGIN:VTIMEZONE\nTZID:Ours\n{}{}{}{}END:VTIMEZONE\n",
        part(
            "DAYLIGHT",
            "19870405T020000",
            "-0500",
            "-0400",
            "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z"
        ),
        part(
            "STANDARD",
            "19671029T020000",
            "-0400",
            "-0500",
            "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z"
        ),
        part("DAYLIGHT", "20070311T020000", "-0500", "-0400", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
        part("STANDARD", "20071104T020000", "-0400", "-0500", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
    );
    let zone = zone_of(&text, "Ours").zone.unwrap();
    agrees(&zone, "America/New_York", 2004..2010);
    agrees(&zone, "America/New_York", 2150..2151);
}

#[test]
fn x_lic_location_counts_before_the_rules() {
    let text = CUSTOM.replace("BEGIN:STANDARD", "X-LIC-LOCATION:Asia/Tokyo\nBEGIN:STANDARD");
    let found = zone_of(&text, "Customized Time Zone");
    assert_eq!(found.source, ZoneSource::Location);
    assert_eq!(found.zone.unwrap().iana_name(), Some("Asia/Tokyo"));
}

#[test]
fn an_iana_name_counts_before_the_files_rules() {
    let text = CUSTOM.replace("Customized Time Zone", "America/New_York");
    let found = zone_of(&text, "America/New_York");
    assert_eq!(found.source, ZoneSource::Iana);
    assert_eq!(offset_at(&found.zone.unwrap(), datetime(2024, 1, 1, 0, 0, 0, 0)), -18_000);
}

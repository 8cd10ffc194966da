//! freeBusy: when people are not free, in pieces the API answers. Whoever is not
//! answered for in every piece is unknown, never free. Bytes only.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::model::id::Address;
use crate::model::time::{BusyPeriod, Fbtype, Window};
use crate::provider::error::ProviderError;
use crate::provider::google::address;
use crate::provider::http::request::{Read, ReadMethod};

/// People in one question.
pub const MOST_PEOPLE: usize = 50;
/// The longest stretch asked for at once; about three months are refused.
const LONGEST: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A window in pieces of at most sixty days.
pub fn pieces(window: Window) -> Vec<Window> {
    let mut out = Vec::new();
    let mut from = window.from;
    while from < window.to {
        let to = from.checked_add(LONGEST).unwrap_or(window.to).min(window.to);
        out.push(Window::new(from, to));
        from = to;
    }
    out
}

/// The question for some people.
///
/// # Errors
/// When the base is no address.
pub fn request(base: &Url, who: &[&Address], window: Window) -> Result<Read, ProviderError> {
    let url = address::below(base, &["freeBusy"])?;
    let items: Vec<_> = who.iter().map(|address| json!({ "id": address.as_str() })).collect();
    let body = json!({
        "timeMin": window.from.to_string(), "timeMax": window.to.to_string(), "timeZone": "UTC",
        "items": items,
    });
    let mut read = Read::new(ReadMethod::Ask, url).header("content-type", "application/json");
    read.body = Some(body.to_string());
    Ok(read)
}

#[derive(Deserialize)]
struct Body {
    calendars: BTreeMap<String, Calendar>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Calendar {
    errors: Vec<Reason>,
    busy: Option<Vec<Span>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

#[derive(Deserialize)]
struct Span {
    start: Timestamp,
    end: Timestamp,
}

/// One answer per person asked, in their order.
///
/// # Errors
/// For people: the body is no answer.
pub fn answers(
    body: &[u8],
    who: &[&Address],
) -> Result<Vec<Result<Vec<BusyPeriod>, String>>, String> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| format!("no free/busy answer: {error}"))?;
    Ok(who.iter().map(|address| of(&body, address)).collect())
}

fn of(body: &Body, address: &Address) -> Result<Vec<BusyPeriod>, String> {
    let found = body.calendars.iter().find(|(id, _)| Address::new(id) == *address);
    let Some((_, calendar)) = found else {
        return Err("Google left this person out".to_owned());
    };
    if let Some(error) = calendar.errors.first() {
        return Err(match error.reason.as_str() {
            "notFound" => "does not share free/busy with this account".to_owned(),
            reason => format!("Google says {reason:?}"),
        });
    }
    let Some(spans) = &calendar.busy else {
        return Err("Google gave no busy time".to_owned());
    };
    let period = |span: &Span| BusyPeriod {
        span: Window::new(span.start, span.end),
        kind: Fbtype::Busy,
        label: None,
        uid: None,
    };
    Ok(spans.iter().map(period).filter(|period| period.span.from < period.span.to).collect())
}

/// Puts the answers of two neighbouring pieces together; one unknown piece makes all
/// unknown.
pub fn join(
    one: Result<Vec<BusyPeriod>, String>,
    next: Result<Vec<BusyPeriod>, String>,
) -> Result<Vec<BusyPeriod>, String> {
    let (mut one, next) = (one?, next?);
    for period in next {
        match one.last_mut() {
            // A meeting across the seam.
            Some(last) if last.span.to == period.span.from => last.span.to = period.span.to,
            Some(_) | None => one.push(period),
        }
    }
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn long_windows_are_asked_in_pieces_without_gaps() {
        let window = Window::new(at("2026-01-01T00:00:00Z"), at("2026-06-01T00:00:00Z"));
        let pieces = pieces(window);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.windows(2).all(|two| two[0].to == two[1].from));
        assert!(pieces.iter().all(|piece| piece.length() <= LONGEST));
        assert_eq!((pieces[0].from, pieces[2].to), (window.from, window.to));
        assert!(super::pieces(Window::new(window.to, window.from)).is_empty());
    }

    #[test]
    fn unknown_is_not_free() {
        let body = br#"{"kind":"calendar#freeBusy","calendars":{
            "bob@example.org":{"busy":[{"start":"2026-03-02T09:00:00Z","end":"2026-03-02T10:00:00Z"}]},
            "eve@example.org":{"errors":[{"domain":"global","reason":"notFound"}],"busy":[]},
            "odd@example.org":{}}}"#;
        let who: Vec<Address> =
            ["Bob@Example.org", "eve@example.org", "odd@example.org", "none@example.org"]
                .map(Address::new)
                .into();
        let asked: Vec<&Address> = who.iter().collect();
        let answers = answers(body, &asked).unwrap();
        assert_eq!(answers[0].as_ref().unwrap().len(), 1);
        assert_eq!(answers[1], Err("does not share free/busy with this account".to_owned()));
        assert!(answers[2].is_err() && answers[3].is_err());
        assert!(super::answers(b"{}", &asked).is_err());
        assert!(
            super::answers(
                br#"{"calendars":{"bob@example.org":{"busy":[{"start":"x"}]}}}"#,
                &asked
            )
            .is_err()
        );
    }

    #[test]
    fn pieces_are_joined_and_one_unknown_piece_is_unknown() {
        let busy = |from: &str, to: &str| {
            vec![BusyPeriod {
                span: Window::new(at(from), at(to)),
                kind: Fbtype::Busy,
                label: None,
                uid: None,
            }]
        };
        let one = busy("2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z");
        let two = busy("2026-03-02T00:00:00Z", "2026-03-02T01:00:00Z");
        let joined = join(Ok(one.clone()), Ok(two)).unwrap();
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].span.length(), SignedDuration::from_hours(2));
        assert!(join(Ok(one), Err("no".to_owned())).is_err());
    }
}

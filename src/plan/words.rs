//! Plans in plain sentences: one for each step, reason and waiting cause. Times
//! are shown in the owner's zone. Foreign text inside is not escaped here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::id::Address;
use crate::model::plan::{Action, MailEffect, Proposal, Reason, Score, Step, WaitingCause};

/// A moment as people read it, in a zone: `Tue 3 Mar 10:00`.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %H:%M").to_string()
}

/// A calendar day as people read it.
fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Y").to_string()
}

/// What a step does, in one line, without whom it is for.
pub fn step(step: &Step, zone: &TimeZone) -> String {
    match &step.action {
        Action::CreateSeries(series) => format!(
            "create “{}”, first on {}, every {}, {} min",
            series.title,
            moment(series.start.instant(zone), zone),
            cadence(series.cadence),
            series.duration.as_mins()
        ),
        Action::MoveOccurrence { occurrence, start, .. } => {
            let to = moment(start.instant(zone), zone);
            match occurrence.recurrence_id {
                Some(planned) => format!("move {} to {to}", moment(planned, zone)),
                None => format!("move to {to}"),
            }
        }
        Action::WriteAgenda { occurrence, .. } => match occurrence.recurrence_id {
            Some(planned) => format!("write the agenda of {}", moment(planned, zone)),
            None => "write the agenda".to_owned(),
        },
        Action::CreateCompanion(companion) => format!(
            "write the agenda of {} into a private event",
            moment(companion.start.instant(zone), zone)
        ),
        Action::SetLink { url, .. } => format!("put the link {url} on the series"),
        Action::Restore { .. } => "put back what was there before".to_owned(),
    }
}

/// A cadence without "every": `week`, `2 weeks`, `month`.
pub fn cadence(cadence: crate::model::pair::Cadence) -> String {
    use crate::model::pair::CadenceUnit;
    let unit = match cadence.unit {
        CadenceUnit::Days => "day",
        CadenceUnit::Weeks => "week",
        CadenceUnit::Months | CadenceUnit::MonthsOnWeekday { .. } => "month",
    };
    match cadence.every {
        1 => unit.to_owned(),
        n => format!("{n} {unit}s"),
    }
}

/// What the planned times gain, and what is proved of them.
pub fn score(score: &Score) -> String {
    let points = |n: i64| if n == 1 { "1 point".to_owned() } else { format!("{n} points") };
    let saved = format!("saves {} against doing nothing", points(score.gain()));
    match score.gap() {
        0 => format!("{saved}; proved: no plan saves more"),
        gap => format!(
            "{saved}; no plan could save more than {} beyond that ({:.1} %)",
            points(gap),
            share(gap, score.cost)
        ),
    }
}

/// A share in percent, for people.
#[allow(clippy::cast_precision_loss)] // points are small
fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Whom a write mails.
pub fn mail(effect: &MailEffect) -> String {
    match effect {
        MailEffect::None => "mails nobody".to_owned(),
        MailEffect::Mails(people) => format!("mails {}", list(people)),
        MailEffect::Unknown => "may mail the other person (unknown server)".to_owned(),
    }
}

fn list(people: &[Address]) -> String {
    people.iter().map(Address::as_str).collect::<Vec<_>>().join(", ")
}

/// One reason.
pub fn reason(reason: &Reason, zone: &TimeZone) -> String {
    match reason {
        Reason::NoSeries => "no recurring meeting with this person is on the calendar".to_owned(),
        Reason::SeriesEnded(at) => format!("the last series ended on {}", day(*at, zone)),
        Reason::SeriesGone => "the series that was there was taken off the calendar".to_owned(),
        Reason::BestOf(n) | Reason::BestPlace { of: n, .. } => {
            format!("the best of {n} possible times")
        }
        Reason::MakesRoom { who } => {
            format!("makes room for the 1:1 with {who}, which has no other place")
        }
        Reason::TakesPlaceOf { who } => format!("the 1:1 with {who} makes room, a second move"),
        Reason::Stands { free, of } => {
            format!("{free} of the next {of} meetings can stand there without a move")
        }
        Reason::RunnerUp { start, points, moved } => runner_up(*start, *points, *moved, zone),
        Reason::Ideal => "the wished-for day and time".to_owned(),
        Reason::NearIdeal(minutes) => format!("{minutes} min from the wished-for time"),
        Reason::OtherDay(weekday) => format!("{weekday:?} instead of the wished-for day"),
        Reason::Clash { with, .. } => with.clone(),
        Reason::Declined(who) => format!("{who} declined"),
        Reason::Away { who, label } => format!("{who} is away ({label})"),
        Reason::PartnerTimeUnknown => {
            "the partner's calendar cannot be seen: only working hours were used".to_owned()
        }
        Reason::AgendaDue(at) => format!("the agenda is due since {}", moment(*at, zone)),
        Reason::AgendaChanged => "what it is made of has changed".to_owned(),
        Reason::Asked => "asked for".to_owned(),
    }
}

fn runner_up(start: Timestamp, points: i64, moved: usize, zone: &TimeZone) -> String {
    let slot = start.to_zoned_datetime(zone.clone()).strftime("%a %H:%M").to_string();
    let why = match (points, moved) {
        (0, _) => return format!("{slot} would be as good"),
        (_, 0) => String::new(),
        (_, 1) => ", 1 meeting moved or lost".to_owned(),
        (_, n) => format!(", {n} meetings moved or lost"),
    };
    format!("next best {slot} (+{points} points{why})")
}

/// Why something is not done.
pub fn waiting(cause: &WaitingCause, zone: &TimeZone) -> String {
    match cause {
        WaitingCause::ObserveOnly => "only observed (mode = \"observe\")".to_owned(),
        WaitingCause::Paused => "paused; `onbeat resume` goes on".to_owned(),
        WaitingCause::IncompleteReading { calendar, reason } => {
            format!("calendar {} could not be read completely: {reason}", calendar.account)
        }
        WaitingCause::Frozen { blocker } => {
            format!("{blocker}, but it starts too soon to be moved by a program")
        }
        WaitingCause::MoveCap { blocker } => {
            format!("{blocker}, but it was moved once already; the next move is yours")
        }
        WaitingCause::DeclinedSeries { who } => {
            format!("{who} declined the whole series; talk about it")
        }
        WaitingCause::PlacedByHand { blocker } => {
            format!("{blocker}, but a person put it there, so it stays")
        }
        WaitingCause::NeverMove { blocker } => format!("{blocker}; `never_move` is set, so decide"),
        WaitingCause::NoLink => {
            "`agenda_mail = \"link\"` needs an `agenda_link`, on a series without another link"
                .to_owned()
        }
        WaitingCause::NotOurEvent => {
            "the other person organizes it: the agenda is kept here (`onbeat agenda`)".to_owned()
        }
        WaitingCause::NotOrganizer { blocker, proposals } => {
            not_organizer(blocker, proposals, zone)
        }
        WaitingCause::NoSlot { blocker, blocked_by, remedy } => {
            no_slot(blocker, blocked_by, remedy.as_deref())
        }
        WaitingCause::WouldMail { people } if people.is_empty() => {
            "the server may mail the other person; set `agenda_mail` to allow it".to_owned()
        }
        WaitingCause::WouldMail { people } => format!(
            "writing the agenda would mail {}; `agenda_mail = \"once\"` allows one mail a meeting",
            list(people)
        ),
        WaitingCause::MailCap => "today's limit of mails is used up".to_owned(),
        WaitingCause::MarksDamaged => {
            "the agenda's begin or end line was changed: put it back or delete the block".to_owned()
        }
        WaitingCause::NoRoom => "the description is too long for an agenda as well".to_owned(),
        WaitingCause::DuplicateUid { uid } => {
            format!("two events share the UID {uid}: delete one of them")
        }
        WaitingCause::NoStrongEtag => {
            "the server gives no strong entity tag, so a write could overwrite an edit".to_owned()
        }
        WaitingCause::Refused { rule } => format!("refused: {rule}"),
        WaitingCause::UnansweredClash { with } => {
            format!("overlaps with {with}, which is not settled yet")
        }
        WaitingCause::BetterSlot(proposal) => better_slot(proposal, zone),
        WaitingCause::AgendaNotDue { at } => {
            format!("the agenda will be written on {}", moment(*at, zone))
        }
        WaitingCause::ReadOnly => "no calendar may be written (read-only)".to_owned(),
    }
}

/// A better standing slot.
pub fn better_slot(proposal: &Proposal, zone: &TimeZone) -> String {
    let slot = |at: Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%a %H:%M").to_string();
    let (now, then, of) = proposal.off;
    format!(
        "a better standing slot than {}: {}, from {} on; {then} instead of {now} of the next {of} \
         meetings moved or lost, {} points saved after the change. Move the series in your \
         calendar to take it; onbeat does not do that by itself",
        slot(proposal.from),
        slot(proposal.to),
        moment(proposal.to, zone),
        proposal.gain,
    )
}

fn not_organizer(blocker: &str, proposals: &[Timestamp], zone: &TimeZone) -> String {
    let times: Vec<String> = proposals.iter().map(|at| moment(*at, zone)).collect();
    if times.is_empty() {
        format!("{blocker}, but somebody else organizes it, and no time within reach is free")
    } else {
        format!(
            "{blocker}, but somebody else organizes it; you could propose {}",
            times.join(" or ")
        )
    }
}

fn no_slot(blocker: &str, blocked_by: &[(String, usize)], remedy: Option<&str>) -> String {
    let causes: Vec<String> =
        blocked_by.iter().take(3).map(|(name, n)| format!("{name} ({n})")).collect();
    let mut text = format!("{blocker}, and no other time is possible");
    if !causes.is_empty() {
        text.push_str(": ");
        text.push_str(&causes.join(", "));
    }
    if let Some(remedy) = remedy {
        text.push_str(". ");
        text.push_str(remedy);
    }
    text
}

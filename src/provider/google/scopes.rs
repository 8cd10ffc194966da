//! What granted scopes allow, by the lists of Google's discovery document. Words only;
//! asks nothing.

/// Something an account needs a permission for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Reading and writing events.
    Events,
    /// When other people are busy.
    FreeBusy,
    /// Which calendars there are, and the account's own address.
    Calendars,
}

/// The needs of every account.
pub const ALWAYS: [Need; 3] = [Need::Events, Need::FreeBusy, Need::Calendars];

impl Need {
    /// The scopes any of which does, the least one first. `calendar.freebusy` is not
    /// among them: it answers for nobody but the account itself.
    fn any_of(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["calendar.events.owned", "calendar.events", "calendar"],
            Self::FreeBusy => &["calendar.events.freebusy", "calendar", "calendar.readonly"],
            Self::Calendars => &[
                "calendar.calendarlist.readonly",
                "calendar.calendarlist",
                "calendar",
                "calendar.readonly",
            ],
        }
    }

    /// Whether these scopes allow it.
    pub fn met_by(self, granted: &[String]) -> bool {
        let short = |scope: &String| {
            let name = scope.rsplit('/').next().unwrap_or_default();
            self.any_of().contains(&name)
        };
        granted.iter().any(short)
    }

    /// What does not work without it, for people.
    pub fn without(self) -> String {
        let lost = match self {
            Self::Events => "events can be neither read nor written",
            Self::FreeBusy => "nobody can be asked when others are busy",
            Self::Calendars => "the calendars cannot be listed",
        };
        let scope = self.any_of().first().unwrap_or(&"calendar");
        format!("{lost}: `{scope}` was not granted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(name: &str) -> String {
        format!("https://www.googleapis.com/auth/{name}")
    }

    #[test]
    fn the_least_scopes_allow_all_and_wider_ones_too() {
        let least = crate::provider::google::oauth::SCOPES.map(str::to_owned);
        assert!(ALWAYS.iter().all(|need| need.met_by(&least)));
        let all = [scope("calendar")];
        assert!(ALWAYS.iter().all(|need| need.met_by(&all)));
        let reading = [scope("calendar.readonly")];
        assert!(!Need::Events.met_by(&reading) && Need::FreeBusy.met_by(&reading));
    }

    #[test]
    fn what_was_refused_is_named_with_what_is_lost() {
        let some = [scope("calendar.events.owned"), scope("calendar.freebusy")];
        assert!(Need::Events.met_by(&some));
        assert!(!Need::FreeBusy.met_by(&some), "it answers for nobody else");
        assert!(Need::FreeBusy.without().contains("`calendar.events.freebusy` was not granted"));
    }
}

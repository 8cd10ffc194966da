//! Published figures that give a reader something to hold their own numbers
//! against. Each with its source and year; correlation is called that.

/// A published figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What was found.
    pub(crate) text: &'static str,
    /// Who found it, when, and how many were asked.
    pub(crate) source: &'static str,
}

/// Printed in this order. Vendors' own figures without a published method are left out.
pub(crate) const FIGURES: [Figure; 7] = [
    Figure {
        text: "42.4 % of 1:1s were rescheduled and 29.6 % cancelled.",
        source: "Reclaim, October 2021, 15,000+ users of one tool; definition not published",
    },
    Figure {
        text: "Those who got twice as many 1:1s as their peers were 67 % less likely to be disengaged (a correlation).",
        source: "Microsoft in Harvard Business Review, 2016, two companies",
    },
    Figure {
        text: "58 % meet at least weekly, 13.8 % fortnightly, 15.3 % monthly, 6.1 % quarterly, 7 % less often.",
        source: "ResourcefulManager survey, n = 2,107, year not stated",
    },
    Figure {
        text: "94 % of managers hold 1:1s, 48.5 % of them weekly; 49 % share the agenda.",
        source: "SoapBox, 2019, n = 200+",
    },
    Figure {
        text: "Twice a month did better than monthly; weekly did no better than fortnightly in normal times.",
        source: "O.C. Tanner, April 2020, n = 1,679",
    },
    Figure {
        text: "Nearly half of the people asked called their 1:1s suboptimal; managers rated them higher.",
        source: "Rogelberg, 250 direct reports, Harvard Business Review, 2022",
    },
    Figure {
        text: "A 1:1 in the first week went with a 12 % larger network and 8 % more intent to stay (a correlation).",
        source: "Microsoft in Harvard Business Review, 2018, about 3,000 new hires",
    },
];

/// What none of them measured.
pub(crate) const CAVEAT: &str =
    "No independent study of how often 1:1s are skipped or pushed was found.";

//! Reading titles of all-day entries: is somebody away, and who. The words are a
//! table (`words.tsv`); the grammar is the little that titles have.

use std::sync::LazyLock;

use crate::snapshot::one_on_one::contains_word;

/// Whose absence a title speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nobody is named: whose calendar it is.
    Unsaid,
    /// A person known by this number.
    Named(usize),
    /// Somebody, and not one of the known.
    Somebody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Word,
    Part,
    State,
    Whole,
    Not,
    Note,
}

struct Phrase {
    form: Form,
    text: String,
}

static TABLE: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let mut table: Vec<Phrase> = include_str!("words.tsv").lines().filter_map(phrase).collect();
    // Longer phrases first, so that "sick day" is found before "sick".
    table.sort_by_key(|phrase| std::cmp::Reverse(phrase.text.chars().count()));
    table
});

fn phrase(line: &str) -> Option<Phrase> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = line.split('\t');
    let form = match fields.next()? {
        "word" => Form::Word,
        "part" => Form::Part,
        "state" => Form::State,
        "whole" => Form::Whole,
        "not" => Form::Not,
        "note" => Form::Note,
        _ => return None,
    };
    Some(Phrase { form, text: fields.next()?.to_lowercase() })
}

/// Words that may stand before a phrase without naming anybody.
const PLAIN: &[&str] = &[
    "a",
    "the",
    "my",
    "me",
    "i",
    "m",
    "am",
    "we",
    "our",
    "on",
    "in",
    "at",
    "all",
    "full",
    "whole",
    "day",
    "days",
    "week",
    "weeks",
    "long",
    "annual",
    "paid",
    "unpaid",
    "parental",
    "maternity",
    "paternity",
    "family",
    "medical",
    "sick",
    "study",
    "educational",
    "personal",
    "private",
    "compassionate",
    "adoption",
    "summer",
    "winter",
    "spring",
    "autumn",
    "fall",
    "christmas",
    "xmas",
    "easter",
    "thanksgiving",
    "new",
    "year",
    "year's",
    "s",
    "half",
    "term",
    "bank",
    "public",
    "national",
    "federal",
    "company",
    "team",
    "office",
    "extended",
    "last",
    "first",
    "next",
    "planned",
    "booked",
    "approved",
    "confirmed",
    "tentative",
    "birthday",
    "golden",
    "lunar",
    "ski",
    "beach",
    "city",
    "road",
    "camping",
    "great",
    "big",
    "little",
    "short",
    "ich",
    "bin",
    "mein",
    "meine",
    "im",
    "auf",
    "der",
    "die",
    "das",
    "noch",
    "bezahlter",
    "unbezahlter",
    "jahres",
    "je",
    "suis",
    "en",
    "mes",
    "congé",
    "de",
    "du",
    "des",
    "annuels",
    "estoy",
    "mis",
    "em",
    "estou",
    "minhas",
    "sono",
    "mie",
    "ik",
    "ben",
    "op",
    "met",
    "jag",
    "är",
    "på",
    "jeg",
    "er",
    "olen",
    "na",
    "jestem",
    "v",
    "в",
    "я",
    "child",
    "kid",
    "kids",
    "kind",
    "kinder",
    "enfant",
    "barn",
    "hijo",
];

/// Words between a person and what is said of them.
const LINKS: &[&str] = &[
    "is", "s", "on", "has", "takes", "taking", "goes", "will", "be", "are", "ist", "im", "in",
    "hat", "nimmt", "est", "en", "au", "à", "a", "está", "esta", "de", "è", "in", "op", "met",
    "heeft", "är", "på", "har", "er", "tar", "on", "na", "jest", "ma", "je", "má", "в", "у",
];

/// Lower-case words of a text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Whether a title says that somebody is away, and who. `known` tells whom a
/// lower-case word of a name means.
pub(crate) fn absence(title: &str, known: impl Fn(&str) -> Option<Subject>) -> Option<Subject> {
    let lower = title.trim().to_lowercase();
    if TABLE.iter().any(|one| one.form == Form::Not && contains_word(&lower, &one.text)) {
        return None;
    }
    let (phrase, at) = TABLE.iter().find_map(|one| Some((one, place(one, &lower)?)))?;
    let rest: Vec<String> = tokens(&lower).collect();
    let named: Vec<Subject> = rest.iter().filter_map(|word| known(word)).collect();
    // The owner or a partner before some third person who shares a name.
    let person =
        named.iter().find(|subject| matches!(subject, Subject::Named(_))).or_else(|| named.first());
    if let Some(person) = person {
        return Some(*person);
    }
    Some(stranger(lower.get(..at).unwrap_or(""), phrase.form))
}

/// A name nobody knows, before what is said of it: "Zoe on vacation", "Zoe's
/// leave", "Zoe OOO". A place before it ("Lisbon vacation") is no name.
fn stranger(before: &str, form: Form) -> Subject {
    let words: Vec<String> = tokens(before).collect();
    let is_word = |word: &String| word.chars().any(char::is_alphabetic);
    let unknown = words
        .iter()
        .filter(|word| is_word(word) && !PLAIN.contains(&word.as_str()))
        .filter(|word| place_name_free(word))
        .count();
    let linked = words.last().is_some_and(|last| LINKS.contains(&last.as_str()));
    // "Zoe OOO" is somebody, "Lisbon – OOO" is where the owner is.
    let adjacent = before.trim_end().ends_with(char::is_alphanumeric);
    let says_who = linked || (form == Form::State && adjacent);
    if unknown > 0 && says_who { Subject::Somebody } else { Subject::Unsaid }
}

/// Months and weekdays are no names.
fn place_name_free(word: &str) -> bool {
    const DATES: [&str; 24] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "q1",
        "q4",
    ];
    !DATES.contains(&word)
}

/// Where a phrase stands in a lower-case title.
fn place(phrase: &Phrase, title: &str) -> Option<usize> {
    let text = phrase.text.as_str();
    match phrase.form {
        Form::Word | Form::State => contains_word(title, text).then(|| title.find(text))?,
        Form::Part => title.find(text),
        Form::Whole => {
            let bare = title.trim_matches(|c: char| !c.is_alphanumeric());
            (bare == text).then_some(0)
        }
        Form::Not | Form::Note => None,
    }
}

/// Whether an all-day title is a note (a birthday, a deadline) rather than time taken.
pub(crate) fn is_reminder(title: &str) -> bool {
    let lower = title.to_lowercase();
    TABLE.iter().any(|one| one.form == Form::Note && contains_word(&lower, &one.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: &str) -> Option<Subject> {
        None
    }

    #[test]
    fn people_say_in_many_words_that_they_are_away() {
        for title in [
            "Vacation",
            "Urlaub",
            "Annual leave",
            "PTO",
            "OOO",
            "Out of office",
            "Parental leave day",
            "Sommerurlaub",
            "Congés",
            "Vacances d'été",
            "Vacaciones",
            "Férias",
            "Ferie",
            "Vakantie",
            "Semester",
            "Kesäloma",
            "Urlop",
            "Dovolená",
            "отпуск",
            "休暇",
            "年假",
            "휴가",
            "Krank",
            "Sick",
            "I'm on vacation",
            "Lisbon vacation",
            "Urlaub Mallorca",
            "Holiday in Spain",
            "Off",
            "AL",
            "Elternzeit",
            "Day off",
            "Easter holidays",
            "RTT",
            "🌴",
            "Zeitausgleich",
            "Sabbatical",
            "im Urlaub",
            "Kind krank",
            "Lisbon – OOO",
            "Wedding / out of office",
            "Sick leave",
            "Ziek",
            "Summer vacation 2025",
        ] {
            assert_eq!(absence(title, nobody), Some(Subject::Unsaid), "{title}");
        }
    }

    #[test]
    fn somebody_elses_absence_is_not_the_owners() {
        for title in [
            "Zoe on vacation",
            "Zoe's leave",
            "Zoe OOO",
            "Zoe ist im Urlaub",
            "Zoe krank",
            "Zoe is off",
            "Zoé en congés",
            "Zoe på semester",
            "Zoe de vacaciones",
        ] {
            assert_eq!(absence(title, nobody), Some(Subject::Somebody), "{title}");
        }
        let ada = |word: &str| (word == "ada").then_some(Subject::Named(3));
        assert_eq!(absence("Urlaub Ada", ada), Some(Subject::Named(3)));
        assert_eq!(absence("Ada OOO", ada), Some(Subject::Named(3)));
    }

    #[test]
    fn other_all_day_entries_are_no_absence() {
        for title in [
            "Mia's birthday",
            "Release week",
            "Sprint 9",
            "Payroll deadline",
            "Office move",
            "Vacation planning",
            "Holiday party",
            "Urlaubsplanung",
            "Offsite",
            "Semester starts",
            "Official launch",
            "Schulferien Bayern",
            "Submit leave requests",
            "PTO half day",
        ] {
            assert_eq!(absence(title, nobody), None, "{title}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("words.tsv").lines();
        let wanted = lines.filter(|line| !line.starts_with('#')).count();
        assert_eq!(TABLE.len(), wanted);
    }
}

//! How alike two lines are: what lets an item keep its identity in a text
//! without ids.

/// What is compared: letters and digits, lower-case. A line without any (an
/// emoji, a rule) is compared as it is.
pub(super) fn canon(text: &str) -> String {
    let bare: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if bare.is_empty() { text.trim().to_owned() } else { bare }
}

/// The letter pairs of a canonical text, for [`alike`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pairs {
    text: String,
    pairs: Vec<(char, char)>,
}

impl Pairs {
    pub(super) fn of(canon: &str) -> Self {
        // Beyond some hundred letters more of them tell nothing new.
        let text: String = canon.chars().take(400).collect();
        let mut pairs: Vec<_> = text.chars().zip(text.chars().skip(1)).collect();
        pairs.sort_unstable();
        Self { text, pairs }
    }
}

/// Shortest text that counts as found inside another.
const CONTAINED: usize = 8;

/// From 0 (nothing in common) to 1 (the same).
pub(super) fn alike(a: &Pairs, b: &Pairs) -> f64 {
    if a.text == b.text {
        return 1.0;
    }
    let (short, long) = if a.text.len() <= b.text.len() { (a, b) } else { (b, a) };
    if short.text.len() >= CONTAINED && long.text.contains(&short.text) {
        return 0.9;
    }
    let total = a.pairs.len() + b.pairs.len();
    if total == 0 || short.pairs.len() * 4 < long.pairs.len() {
        return 0.0;
    }
    let (mut i, mut j, mut common) = (0, 0, 0_u32);
    while let (Some(x), Some(y)) = (a.pairs.get(i), b.pairs.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let total = u32::try_from(total).unwrap_or(u32::MAX);
    f64::from(2 * common) / f64::from(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &str, b: &str) -> f64 {
        alike(&Pairs::of(&canon(a)), &Pairs::of(&canon(b)))
    }

    #[test]
    fn rewording_is_alike_and_other_matters_are_not() {
        assert!(of("Send the draft to legal", "send the draft to Legal!") > 0.99);
        assert!(of("Discuss the budget", "Discuss the budget: cut travel by 10 %") > 0.8);
        assert!(of("Send the draft to legal", "Send the final draft to legal by Friday") > 0.55);
        assert!(of("Discuss the budget", "Book a room in Lyon") < 0.4);
        assert!(of("ok", "no") < 0.1);
        assert!(of("", "x") < 0.1);
    }

    #[test]
    fn emoji_are_kept_when_there_is_nothing_else() {
        assert_ne!(canon("🎉"), canon("🔥"));
        assert_eq!(canon("  — a, B!"), "ab");
    }
}

//! The known word a mistyped one was meant to be. Pure.

/// The known word nearest to a mistyped one, when it is near at all.
pub fn nearest<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (distance(&wanted.to_lowercase(), &name.to_lowercase()), *name))
        .filter(|(far, name)| *far <= (name.chars().count().max(wanted.chars().count()) / 3).max(1))
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// Edit distance where exchanging two neighbours counts once (optimal string
/// alignment); words here are short.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(ca != cb))
                .min(at(&last, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        assert_eq!(nearest("bbo@example.org", &["bob@example.org", "eve@example.org"]), Some("bob@example.org"));
        assert_eq!(nearest("bob", &["Bob", "Zoe"]), Some("Bob"));
        assert_eq!(nearest("vdri", &["caldav", "vdir"]), Some("vdir"));
        assert_eq!(nearest("xyzzy", &["bob", "eve"]), None);
        assert_eq!(nearest("", &["bob"]), None);
    }
}

//! One content line read: name, parameters and value (RFC 5545 §3.1, §3.2,
//! RFC 6868). It knows nothing of what a property means.

use std::borrow::Cow;

use crate::ical::lines::{Line, Lines};

/// A property line, unfolded. Reads leniently: parameters without value,
/// unclosed quotes and bare colons inside a TZID are understood where the
/// meaning is plain.
#[derive(Debug, Clone)]
pub struct Property<'a> {
    rest: Cow<'a, [u8]>,
    value_at: usize,
}

impl<'a> Property<'a> {
    /// Reads a line of an index.
    pub fn read(lines: &Lines<'a>, line: &Line) -> Self {
        Self::from_rest(lines.rest(line))
    }

    /// Reads what follows a property's name: `;PARAM=…:value` or `:value`.
    pub fn from_rest(rest: Cow<'a, [u8]>) -> Self {
        let value_at = value_start(&rest);
        Self { rest, value_at }
    }

    /// The value's bytes as written (still escaped).
    pub fn value(&self) -> &[u8] {
        self.rest.get(self.value_at..).unwrap_or(&[])
    }

    /// The value as text, still escaped; bytes that are no UTF-8 are replaced.
    pub fn value_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.value())
    }

    /// The bytes between name and value's colon, `;A=1;B=2`; empty when there
    /// are no parameters.
    pub fn raw_params(&self) -> &[u8] {
        let end = self.value_at.saturating_sub(1).min(self.rest.len());
        self.rest.get(..end).unwrap_or(&[])
    }

    /// The parameters in order, each with its value as written (quotes included).
    pub fn params(&self) -> Params<'_> {
        Params { rest: self.raw_params() }
    }

    /// The first value of a parameter, unquoted and caret-decoded; the name in
    /// any case.
    pub fn param(&self, name: &str) -> Option<String> {
        if self.value_at <= 1 {
            return None;
        }
        self.params()
            .find(|(key, _)| key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| decode_param(value))
    }
}

/// Iterator over `;NAME=value` pairs.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Params<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let body = self.rest.strip_prefix(b";")?;
        let end = unquoted(body, b";").unwrap_or(body.len());
        let (one, rest) = body.split_at(end);
        self.rest = rest;
        let eq = one.iter().position(|b| *b == b'=').unwrap_or(one.len());
        Some((one.get(..eq).unwrap_or(&[]), one.get(eq + 1..).unwrap_or(&[])))
    }
}

/// The parameters of a raw `;A=1;B=2`, values as written.
pub(crate) fn split_params(raw: &[u8]) -> Params<'_> {
    Params { rest: raw }
}

/// Where the value begins: after the first colon outside of quotes. An unclosed
/// quote does not swallow the value.
fn value_start(rest: &[u8]) -> usize {
    if rest.first() == Some(&b':') {
        return 1;
    }
    let plain = || rest.iter().position(|b| *b == b':');
    match unquoted(rest, b":").or_else(plain) {
        Some(at) => at + 1 + bare_colon_in_tzid(rest, at),
        None => rest.len(),
    }
}

/// `;TZID=(UTC+01:00) Rome:20240101T090000` lacks its quotes. When what follows
/// the first colon cannot be a date but what follows the last one can, the last
/// one counts. Returns how many bytes to go on.
fn bare_colon_in_tzid(rest: &[u8], at: usize) -> usize {
    let value = rest.get(at + 1..).unwrap_or(&[]);
    let head = rest.get(..6).unwrap_or(&[]);
    if !head.eq_ignore_ascii_case(b";TZID=") || !value.contains(&b':') {
        return 0;
    }
    let date = |v: &[u8]| v.len() >= 8 && v.iter().take(8).all(u8::is_ascii_digit);
    match value.iter().rposition(|b| *b == b':') {
        Some(last) if !date(value) && date(value.get(last + 1..).unwrap_or(&[])) => last + 1,
        _ => 0,
    }
}

/// The first position of one of these bytes outside of double quotes.
fn unquoted(text: &[u8], stop: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'"' {
            quoted = !quoted;
        } else if !quoted && stop.contains(byte) {
            return Some(at);
        }
    }
    None
}

/// Removes the quotes and decodes RFC 6868 carets.
fn decode_param(raw: &[u8]) -> String {
    let raw = raw.trim_ascii();
    let bare = match raw {
        [b'"', inner @ .., b'"'] => inner,
        _ => raw,
    };
    let text = String::from_utf8_lossy(bare);
    if !text.contains('^') {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('^', Some('n')) => {
                out.push('\n');
                chars.next();
            }
            ('^', Some('^')) => {
                out.push('^');
                chars.next();
            }
            ('^', Some('\'')) => {
                out.push('"');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// A parameter value as it is written: control characters removed, RFC 6868
/// carets, quotes where the grammar asks for them.
pub fn encode_param(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '^' => out.push_str("^^"),
            '"' => out.push_str("^'"),
            '\n' => out.push_str("^n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    if out.contains([':', ';', ',']) { format!("\"{out}\"") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prop(text: &str) -> Property<'_> {
        Property::from_rest(Cow::Borrowed(text.as_bytes()))
    }

    #[test]
    fn quoted_values_and_order() {
        let p = prop(";CN=\"Doe: J; \";X-A;partstat=ACCEPTED:mailto:j@example.org");
        assert_eq!(p.value(), b"mailto:j@example.org");
        assert_eq!(p.param("cn").unwrap(), "Doe: J; ");
        assert_eq!(p.param("PARTSTAT").unwrap(), "ACCEPTED");
        assert_eq!(p.param("X-A").unwrap(), "");
        assert_eq!(p.params().count(), 3);
    }

    #[test]
    fn bare_colons_in_a_tzid() {
        let p = prop(";TZID=(UTC+01:00) Rome, Paris:20240101T090000");
        assert_eq!(p.value(), b"20240101T090000");
        assert_eq!(p.param("TZID").unwrap(), "(UTC+01:00) Rome, Paris");
    }

    #[test]
    fn unclosed_quote() {
        let p = prop(";CN=\"Jo:mailto:j@example.org");
        assert_eq!(p.value(), b"mailto:j@example.org");
    }

    #[test]
    fn carets_both_ways() {
        let text = "a \"b\"^\nc";
        let p = format!(";CN={}:v", encode_param(text));
        assert_eq!(prop(&p).param("CN").unwrap(), text);
        assert_eq!(encode_param("x\r:y"), "\"x:y\"");
    }
}

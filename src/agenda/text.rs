//! A description read as lines, whether it is plain text or the HTML Google's
//! editor stores, with the place of every line in the original bytes. It knows
//! nothing of agendas but the two marks.

use std::ops::Range;

use crate::agenda::format::TextForm;
use crate::agenda::wrap::JOINER;

/// One line as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawLine {
    /// Visible text: tags gone, entities decoded, odd spaces made plain, no
    /// quote signs, trimmed.
    pub(super) text: String,
    /// Whether it was indented.
    pub(super) indented: bool,
    /// Whether it is an item of an HTML list.
    pub(super) listed: bool,
    /// Whether it is marked as the rest of the line above.
    pub(super) start: Start,
    /// The bytes between the line breaks around it.
    pub(super) range: Range<usize>,
    /// The bytes of its visible text, quote signs left out.
    pub(super) visible: Range<usize>,
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Start {
    /// As lines do.
    #[default]
    Line,
    /// With a word joiner: the rest of the word above.
    SameWord,
    /// With a word joiner and a space: the next words of the line above.
    SameLine,
}

/// Tags that break a line.
const BREAKING: [&str; 17] = [
    "br",
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "blockquote",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
];

/// Tags that show that a text is HTML, besides the breaking ones.
const INLINE: [&str; 13] =
    ["b", "i", "u", "a", "span", "strong", "em", "html-blob", "font", "s", "small", "code", "img"];

/// How a description is written: HTML once it holds a tag Google's editor uses.
pub(super) fn form_of(description: &str) -> TextForm {
    let html = description.match_indices('<').any(|(at, _)| is_html(description, at));
    if html { TextForm::Html } else { TextForm::Plain }
}

/// Whether an HTML tag starts at a `<`.
fn is_html(text: &str, at: usize) -> bool {
    tag_at(text, at).is_some_and(|tag| {
        BREAKING.contains(&tag.name.as_str()) || INLINE.contains(&tag.name.as_str())
    })
}

/// A text in which nothing can be taken for an HTML tag: one in a plain
/// description would make clients (and us) read all of it as HTML, and Google shows
/// nothing of a tag it does not know.
pub(super) fn without_tags(text: &str) -> String {
    let tag = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!')
    };
    text.char_indices().map(|(at, c)| if c == '<' && tag(at) { '‹' } else { c }).collect()
}

/// A tag in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Lower-case name.
    pub(super) name: String,
    /// Whether it closes.
    pub(super) closes: bool,
    /// Whether it stands alone (`<br>`, `<br/>`).
    pub(super) void: bool,
    /// Its bytes.
    pub(super) range: Range<usize>,
}

/// Longest tag that is looked for, in bytes; an unclosed `<` is text.
const TAG_BYTES: usize = 4096;

/// The tag that starts at a `<`.
pub(super) fn tag_at(text: &str, at: usize) -> Option<Tag> {
    let rest = text.as_bytes().get(at..)?;
    let rest = rest.get(..rest.len().min(TAG_BYTES))?;
    let closes = rest.get(1) == Some(&b'/');
    let name_from = if closes { 2 } else { 1 };
    let name: String = rest
        .get(name_from..)?
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .take(16)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let after = *rest.get(name_from + name.len())?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts_well || !(after == b'>' || after == b'/' || after.is_ascii_whitespace()) {
        return None;
    }
    let length = rest.iter().position(|byte| *byte == b'>')? + 1;
    let self_closed = length >= 2 && rest.get(length - 2) == Some(&b'/');
    let void = self_closed || ["br", "hr", "img"].contains(&name.as_str());
    Some(Tag { name, closes, void, range: at..at + length })
}

/// Reads a description as lines.
pub(super) fn lines_of(description: &str, form: TextForm) -> Vec<RawLine> {
    let mut reader = Reader { out: Vec::new(), now: Pending::default(), listed: false };
    let mut at = 0;
    while let Some(c) = description.get(at..).and_then(|rest| rest.chars().next()) {
        let mut next = at + c.len_utf8();
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => reader.end_line(at, next),
            '\r' => {
                if description.as_bytes().get(next) == Some(&b'\n') {
                    next += 1;
                }
                reader.end_line(at, next);
            }
            '<' if form == TextForm::Html => {
                if let Some(tag) = tag_at(description, at) {
                    next = tag.range.end;
                    reader.tag(&tag);
                } else {
                    reader.push('<', at..next);
                }
            }
            '&' if form == TextForm::Html => {
                let (decoded, length) = entity(description.get(at..).unwrap_or_default());
                next = at + length;
                reader.push(decoded, at..next);
            }
            c => reader.push(c, at..next),
        }
        at = next;
    }
    reader.end_line(at, at);
    reader.out
}

struct Reader {
    out: Vec<RawLine>,
    now: Pending,
    listed: bool,
}

#[derive(Default)]
struct Pending {
    from: usize,
    text: String,
    visible: Option<Range<usize>>,
    lead: usize,
    quoted: bool,
    start: Start,
}

impl Reader {
    fn tag(&mut self, tag: &Tag) {
        if !BREAKING.contains(&tag.name.as_str()) {
            return;
        }
        // A closing tag of an empty stretch adds no empty line of its own.
        if tag.name == "br" || !self.now.text.trim().is_empty() {
            self.end_line(tag.range.start, tag.range.end);
        } else {
            self.now = Pending { from: tag.range.end, ..Pending::default() };
        }
        if tag.name == "li" {
            self.listed = !tag.closes;
        }
    }

    fn push(&mut self, c: char, bytes: Range<usize>) {
        let c = match c {
            '\u{a0}' | '\t' | '\u{2007}' | '\u{202f}' | '\u{2003}' | '\u{2002}' => ' ',
            c => c,
        };
        if self.now.visible.is_none() && c == JOINER {
            self.now.start = Start::SameWord;
            return;
        }
        // Zero-width and control characters carry no text.
        if c.is_control() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}') {
            return;
        }
        if self.now.visible.is_none() {
            if c == ' ' && self.now.start != Start::Line {
                self.now.start = Start::SameLine;
                return;
            }
            if c == ' ' {
                self.now.lead += 1;
                return;
            }
            if c == '>' && self.now.start == Start::Line {
                self.now.quoted = true;
                self.now.lead = 0;
                return;
            }
        }
        self.now.text.push(c);
        if c != ' ' {
            let from = self.now.visible.as_ref().map_or(bytes.start, |range| range.start);
            self.now.visible = Some(from..bytes.end);
        }
    }

    fn end_line(&mut self, at: usize, next: usize) {
        let now = std::mem::replace(&mut self.now, Pending { from: next, ..Pending::default() });
        let indented = now.lead >= 2 + usize::from(now.quoted);
        self.out.push(RawLine {
            text: squeeze(&now.text),
            indented,
            listed: std::mem::take(&mut self.listed),
            start: now.start,
            range: now.from..at,
            visible: now.visible.unwrap_or(at..at),
        });
    }
}

/// One space between words, none at the ends.
pub(super) fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Named entities Google's editor and other calendar programs write.
const ENTITIES: [(&str, char); 20] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("middot", '·'),
    ("bull", '•'),
    ("hellip", '…'),
    ("rarr", '→'),
    ("larr", '←'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("times", '×'),
    ("euro", '€'),
    ("check", '✓'),
];

/// The character an `&…;` stands for, and its length in bytes; a bare `&` is itself.
fn entity(text: &str) -> (char, usize) {
    let bare = ('&', 1);
    let Some(end) = text.bytes().take(12).position(|byte| byte == b';') else { return bare };
    let Some(name) = text.get(1..end) else { return bare };
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    let decoded = match number {
        Some(code) => char::from_u32(code),
        None => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    decoded.map_or(bare, |c| (c, end + 1))
}

/// The tags of a stretch that it leaves open at either end: those it closes
/// without opening, and those it opens without closing, as written.
pub(super) fn loose_tags(stretch: &str) -> (Vec<String>, Vec<String>) {
    let mut closing = Vec::new();
    let mut open: Vec<Tag> = Vec::new();
    for tag in tags(stretch) {
        if tag.void {
            continue;
        }
        if !tag.closes {
            open.push(tag);
        } else if let Some(at) = open.iter().rposition(|other| other.name == tag.name) {
            open.remove(at);
        } else {
            closing.push(format!("</{}>", tag.name));
        }
    }
    let opening =
        open.iter().filter_map(|tag| stretch.get(tag.range.clone()).map(str::to_owned)).collect();
    (closing, opening)
}

/// A fragment with only those tags that it both opens and closes.
pub(super) fn balanced(fragment: &str) -> String {
    let tags = tags(fragment);
    let mut keep = vec![false; tags.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, tag) in tags.iter().enumerate() {
        let breaks = BREAKING.contains(&tag.name.as_str());
        if breaks {
            continue;
        }
        if tag.void {
            set(&mut keep, at);
        } else if !tag.closes {
            open.push(at);
        } else if let Some(found) = open
            .iter()
            .rposition(|other| tags.get(*other).is_some_and(|other| other.name == tag.name))
        {
            let partner = open.remove(found);
            // What was opened inside and not closed stays loose.
            open.truncate(found);
            set(&mut keep, at);
            set(&mut keep, partner);
        }
    }
    let mut out = String::with_capacity(fragment.len());
    let mut from = 0;
    for (tag, keep) in tags.iter().zip(&keep) {
        if !keep {
            out.push_str(fragment.get(from..tag.range.start).unwrap_or_default());
            from = tag.range.end;
        }
    }
    out.push_str(fragment.get(from..).unwrap_or_default());
    out.trim().to_owned()
}

fn set(keep: &mut [bool], at: usize) {
    if let Some(slot) = keep.get_mut(at) {
        *slot = true;
    }
}

fn tags(text: &str) -> Vec<Tag> {
    let mut out: Vec<Tag> = Vec::new();
    for (at, _) in text.match_indices('<') {
        if out.last().is_some_and(|last| at < last.range.end) {
            continue;
        }
        out.extend(tag_at(text, at));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(description: &str) -> Vec<String> {
        lines_of(description, form_of(description)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn plain_lines_keep_their_place() {
        let text = "one\r\n  two  \n\nthree";
        let lines = lines_of(text, TextForm::Plain);
        let seen: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(seen, ["one", "two", "", "three"]);
        assert_eq!(&text[lines[1].range.clone()], "  two  ");
        assert_eq!(&text[lines[1].visible.clone()], "two");
        assert!(lines[1].indented && !lines[0].indented);
    }

    #[test]
    fn html_of_the_web_editor() {
        let html = "<p>Hello&nbsp;<b>you</b></p><ul><li>a &amp; b</li><li>c</li></ul>x<br>y";
        assert_eq!(texts(html), ["Hello you", "a & b", "c", "x", "y"]);
        let lines = lines_of(html, TextForm::Html);
        assert!(lines[1].listed && lines[2].listed && !lines[3].listed);
    }

    #[test]
    fn comparison_signs_are_text() {
        assert_eq!(form_of("a < b and c > d, <https://x.example/>"), TextForm::Plain);
        assert_eq!(texts("1 < 2 <b>x</b> & y &amp;lt; &#8212;&#x2014;"), ["1 < 2 x & y &lt; ——"]);
    }

    #[test]
    fn quoting_is_peeled() {
        assert_eq!(texts("> a\n>> b\n> > c"), ["a", "b", "c"]);
    }

    #[test]
    fn fragments_are_balanced() {
        assert_eq!(balanced("a <b>x</b> <i>y"), "a <b>x</b> y");
        assert_eq!(balanced("</p>z <a href=\"u\">w</a>"), "z <a href=\"u\">w</a>");
        let (closing, opening) = loose_tags("</p><ul><li>x</li></ul><p class=\"k\">");
        assert_eq!(closing, ["</p>"]);
        assert_eq!(opening, ["<p class=\"k\">"]);
    }
}

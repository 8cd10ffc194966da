//! Where in a JSON text a line and column lie: `people[3].work[0]`. Used for
//! error messages only.

/// One open container.
enum Level {
    /// An object, with the key read last.
    Object(String),
    /// An array, with the index of the element.
    Array(usize),
}

/// The path of the value at `line` and `column` (both from 1).
pub(super) fn at(text: &str, line: usize, column: usize) -> String {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let end = start.saturating_add(column).min(text.len());
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let mut levels: Vec<Level> = Vec::new();
    let mut is_key = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => {
                levels.push(Level::Object(String::new()));
                is_key = true;
            }
            b'[' => levels.push(Level::Array(0)),
            b'}' | b']' => {
                levels.pop();
                is_key = false;
            }
            b',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(_)) => is_key = true,
                None => {}
            },
            b':' => is_key = false,
            b'"' => {
                let from = at + 1;
                at = from;
                while bytes.get(at).is_some_and(|b| *b != b'"') {
                    at += if bytes.get(at) == Some(&b'\\') { 2 } else { 1 };
                }
                if let (true, Some(Level::Object(key))) = (is_key, levels.last_mut()) {
                    let raw = bytes.get(from..at.min(bytes.len())).unwrap_or_default();
                    *key = String::from_utf8_lossy(raw).into_owned();
                }
            }
            _ => {}
        }
        at += 1;
    }
    render(&levels)
}

fn render(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object(key) => {
                if !path.is_empty() && !key.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Level::Array(index) => path.push_str(&format!("[{index}]")),
        }
    }
    if path.is_empty() { "the file".to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn names_the_key_and_the_element() {
        let text = "{\"people\": [{\"id\": 0},\n {\"id\": 1, \"wrok\": [1, {\"x\": 2}]}]}";
        let upto = |needle: &str| {
            let end = text.find(needle).unwrap() + needle.len();
            let line = text[..end].matches('\n').count() + 1;
            (line, end - text[..end].rfind('\n').map_or(0, |n| n + 1))
        };
        let (line, column) = upto("\"wrok\"");
        assert_eq!(at(text, line, column), "people[1].wrok");
        let (line, column) = upto("\"x\": 2");
        assert_eq!(at(text, line, column), "people[1].wrok[1].x");
        assert_eq!(at("nonsense", 1, 3), "the file");
        assert_eq!(at("{\"a\\\"b\": 1", 9, 99), "a\\\"b");
    }
}

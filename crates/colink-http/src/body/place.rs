//! Where in a JSON text something stands, as a path: `items[2].name`.
//!
//! Looked up only when a body was refused, so the parser itself pays nothing for it.

/// One open object or array on the way to a place.
enum Frame {
    Object { key: Option<String>, in_value: bool },
    Array { index: usize },
}

/// The byte just behind the first `\u0000` escape, if there is one. (A bare NUL is no valid JSON anyway.)
pub(super) fn of_nul(json: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(step) = json.get(at..)?.iter().position(|byte| *byte == b'\\') {
        let escape = at + step;
        if json.get(escape + 1..escape + 6).is_some_and(|code| code == b"u0000") {
            return Some(escape + 6);
        }
        // Skip the escaped byte too, so that the second of two backslashes opens nothing.
        at = escape + 2;
    }
    None
}

/// The offset of a line and a column as the parser counts them: lines from 1, columns in bytes.
pub(super) fn offset(json: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        json.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column).min(json.len())
}

/// The path of the key or value that ends or begins at `offset`; of an object that ends there, its own.
pub(super) fn path(json: &[u8], offset: usize) -> String {
    written(&frames(&json[..offset.min(json.len())]))
}

fn frames(json: &[u8]) -> Vec<Frame> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'{' => open.push(Frame::Object { key: None, in_value: false }),
            b'[' => open.push(Frame::Array { index: 0 }),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let end = end_of_string(json, at);
                note_key(open.last_mut(), &json[at - 1..end]);
                at = end;
            }
            b',' | b':' => step(open.last_mut(), *byte),
            _ => {}
        }
    }
    open
}

fn step(frame: Option<&mut Frame>, byte: u8) {
    match (frame, byte) {
        (Some(Frame::Object { in_value, .. }), b':') => *in_value = true,
        (Some(Frame::Object { key, in_value }), _) => (*key, *in_value) = (None, false),
        (Some(Frame::Array { index }), b',') => *index += 1,
        _ => {}
    }
}

fn note_key(frame: Option<&mut Frame>, quoted: &[u8]) {
    if let Some(Frame::Object { key, in_value: false }) = frame {
        *key = serde_json::from_slice(quoted).ok();
    }
}

/// The offset behind the closing quote of the string whose content begins at `from`.
fn end_of_string(json: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

fn written(frames: &[Frame]) -> String {
    let mut path = String::new();
    for frame in frames {
        match frame {
            Frame::Object { key: Some(key), .. } if path.is_empty() => path.push_str(key),
            Frame::Object { key: Some(key), .. } => path.extend([".", key]),
            Frame::Object { key: None, .. } => {}
            Frame::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[test]
    fn a_place_is_named_by_keys_and_indexes() {
        let json = br#"{"a":[1,{"b":"x\"]}","c":7}],"d":null}"#;
        let at = |needle: &str| {
            let text = std::str::from_utf8(json).unwrap();
            text.find(needle).unwrap() + needle.len()
        };
        assert_eq!(path(json, at("\"a\"")), "a");
        assert_eq!(path(json, at("[1")), "a[0]");
        assert_eq!(path(json, at("7")), "a[1].c");
        assert_eq!(path(json, at("null")), "d");
    }

    #[test]
    fn a_nul_is_found_and_an_escaped_backslash_is_none() {
        assert_eq!(of_nul(br#""a\u0000b""#), Some(8));
        assert_eq!(of_nul(br#""a\\u0000b""#), None);
        assert_eq!(of_nul(br#""a\\\u0000b""#), Some(10));
        assert_eq!(of_nul(br#""\u000a\"#), None);
    }

    proptest! {
        #[test]
        fn no_text_upsets_the_search(json in any::<Vec<u8>>(), line in 0_usize..5, column in 0_usize..99) {
            let offset = offset(&json, line, column);
            path(&json, offset);
            of_nul(&json);
        }
    }
}

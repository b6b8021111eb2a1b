//! Texts for a terminal. Names come from other people's files, and a terminal obeys what is in them.

use std::borrow::Cow;

/// The text with control characters (C0, DEL, C1), line separators and marks that turn the direction of writing as escapes; ends of
/// lines stay.
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c != '\n' && is_obeyed(c))
}

/// [`escaped`] as one line, such as a cell of a table.
pub fn escaped_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_obeyed)
}

/// The text of a JSON document with the same characters as JSON's own escapes, so that it says the same.
pub fn escaped_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_obeyed(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out
}

/// Whether a terminal, or a reader's eyes, would obey the character instead of showing it.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn replaced(text: &str, is_out: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_out) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_out(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_passes() {
        assert_eq!(escaped("a\x1b[31mb\u{9b}c\rd\u{202e}e\nf"), "a\\u{1b}[31mb\\u{9b}c\\rd\\u{202e}e\nf");
        assert_eq!(escaped_json("{\n\"a\u{202e}\u{9b}\": 1}"), "{\n\"a\\u202e\\u009b\": 1}");
        assert_eq!(escaped_line("a\nb\t🔥"), "a\\nb\\t🔥");
        assert!(matches!(escaped("plain, größer\n"), Cow::Borrowed(_)));
    }
}

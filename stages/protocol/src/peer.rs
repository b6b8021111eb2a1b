//! Words of others (workers, servers, meters, files of the kernel): bounded, and without what a terminal would obey.

/// Longest text of a peer that is kept as a reason or a name.
const CHARS: usize = 600;

/// A text on one line: white space becomes spaces, control characters U+FFFD, and the rest of a long one its number of bytes.
pub fn words(text: &str) -> String {
    let text = text.trim();
    let plain = |c: char| {
        if c.is_whitespace() {
            ' '
        } else if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    let mut kept = String::new();
    for (count, (at, c)) in text.char_indices().enumerate() {
        if count == CHARS {
            return format!("{kept}... ({} bytes more)", text.len() - at);
        }
        kept.push(plain(c));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_and_a_terminal_obeys_nothing_in_it() {
        assert_eq!(words(" engine:\n\tassertion failed\r\n"), "engine:  assertion failed");
        assert_eq!(words("\u{1b}[31mred\0\u{9b}0m"), "\u{fffd}[31mred\u{fffd}\u{fffd}0m");
        let long = words(&"ü".repeat(10_000));
        assert_eq!(long, format!("{}... ({} bytes more)", "ü".repeat(600), 2 * 9400));
    }
}

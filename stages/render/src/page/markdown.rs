//! Text in Markdown (CommonMark 0.31, section 2.4; tables of GitHub Flavored Markdown).

const SPECIAL: &[char] = &['\\', '`', '*', '_', '[', ']', '#', '~'];

/// Text from a table: shown as it is, also within a table's cell.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '|' => out.push_str("\\|"),
        '\n' | '\r' => out.push(' '),
        '<' => out.push_str("&lt;"),
        '&' => out.push_str("&amp;"),
        c if SPECIAL.contains(&c) => {
            out.push('\\');
            out.push(c);
        }
        c => out.push(c),
    }
}

/// Our own sentences: pairs of backticks mark code, the rest is text.
pub fn prose(text: &str) -> String {
    if !text.matches('`').count().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(i, part): (usize, &str)| {
        if i % 2 == 1 { format!("`{}`", part.replace(['\n', '\r'], " ")) } else { escaped(part) }
    };
    text.split('`').enumerate().map(part).collect()
}

/// A code span around any text: its fence is longer than any run of backticks in it (section 6.1).
pub fn code_span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {} {fence}", text.replace(['\n', '\r'], " "))
}

/// Without spaces at the ends of lines and without two empty lines in a row.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && empty) {
            out.push_str(line);
            out.push('\n');
        }
        empty = line.is_empty();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

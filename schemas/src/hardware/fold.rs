//! Spellings of one name of hardware made one text. The rule, once:
//!
//! 1. A leading count (`8x `, `8 ×`) is taken off ([`count`]); what follows a clock (`@ 2.10GHz`) is.
//! 2. Of a line of `lspci`, the product in brackets is the name; identifiers and vendors in brackets are none.
//! 3. Case, trademark marks (`(R)`, `(TM)`, `®`), and everything that is no letter, digit or point between them fall away; a number and
//!    a `GB` after it are one word.
//! 4. Words that name no model fall away: vendors, `GeForce`, `CPU`, `Processor`, `GPU`, `N-Core`, `Nth Gen`, and from `with Radeon`
//!    (a processor's own graphics) on.
//!
//! What differs in price or speed is left: SXM and PCIe, 40 and 80 GB, `Laptop`, `Max-Q`, a letter at a number's end.

const MARKS: [&str; 3] = ["(r)", "(tm)", "(c)"];

const NO_MODEL: [&str; 16] = [
    "nvidia",
    "corporation",
    "corp",
    "amd",
    "ati",
    "advanced",
    "micro",
    "devices",
    "inc",
    "intel",
    "geforce",
    "cpu",
    "gpu",
    "processor",
    "genuine",
    "r",
];

/// How many of one product a text says: `8x NVIDIA H100`, `8 × NVIDIA H100`; 1 where it says none.
pub fn count(printed: &str) -> i64 {
    counted(printed).0
}

/// A name without what differs between those who print it. Folding a folded name changes nothing.
pub fn fold(printed: &str) -> String {
    counted(printed).1
}

/// Count and folded name. A count may come to light by folding alone.
pub fn counted(printed: &str) -> (i64, String) {
    let (mut count, mut rest) = leading(printed);
    let mut name = folded(rest);
    loop {
        let (more, left) = leading(&name);
        rest = left;
        if rest == name {
            return (count, name);
        }
        count = count.saturating_mul(more);
        name = folded(rest);
    }
}

/// A leading count, 1 without one, and the text after it.
fn leading(printed: &str) -> (i64, &str) {
    let text = printed.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].trim_start();
    let times = rest.strip_prefix(['x', 'X']).filter(|name| name.starts_with(is_between));
    let name = times.or_else(|| rest.strip_prefix(['×', '*'])).map(|name| name.trim_start_matches(is_between));
    match (text[..digits].parse(), name) {
        (Ok(count), Some(name)) if count > 0 && !name.is_empty() => (count, name),
        _ => (1, text),
    }
}

fn is_between(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || c == '.')
}

fn folded(printed: &str) -> String {
    let mut text = printed.to_ascii_lowercase();
    for mark in MARKS {
        text = text.replace(mark, " ");
    }
    if let Some((name, _)) = text.split_once('@') {
        text.truncate(name.len());
    }
    let text = product(&text).unwrap_or(&text);
    let mut words: Vec<String> = Vec::new();
    for word in text.split(is_between).map(|word| word.trim_matches('.')).filter(|word| !word.is_empty()) {
        let last = words.last().map(String::as_str).unwrap_or_default();
        let number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        match word {
            _ if NO_MODEL.contains(&word) => {}
            "core" if number => drop(words.pop()),
            "gen" if is_ordinal(last) => drop(words.pop()),
            "gb" | "gib" if number => words.last_mut().into_iter().for_each(|size| size.push_str("gb")),
            "radeon" if ["with", "w"].contains(&last) => {
                words.pop();
                break;
            }
            word => words.push(word.to_string()),
        }
    }
    words.join(" ")
}

fn is_ordinal(word: &str) -> bool {
    let number = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// What `lspci` puts into brackets behind the vendor's and the chip's name, if this is such a line.
fn product(line: &str) -> Option<&str> {
    let listed = ["corporation", ", inc.", "controller", "accelerators"].iter().any(|word| line.contains(word));
    let start = |(at, _): (usize, &str)| line[at + 1..].split_once(']').map(|(inside, _)| inside.trim());
    let inside = line.match_indices('[').filter_map(start);
    let id = |text: &str| text.split(':').all(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    inside.rev().find(|text| listed && !text.is_empty() && !id(text) && !["amd/ati", "amd"].contains(text))
}

//! What `ollama run --verbose` prints below each answer.

use super::Answer;
use crate::read::fault::{Fault, Result, quoted};
use crate::runs::serving::agree;

/// A line that states something: its number, name and value.
type Line<'a> = (u64, &'a str, &'a str);

/// The answers of a text, with the line at which the numbers of each begin.
pub fn answers(text: &str) -> Result<Vec<(u64, Answer)>> {
    let mut blocks: Vec<(u64, Vec<Line>)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((name, value)) = line.split_once(':').map(|(n, v)| (n.trim(), v.trim())) else { continue };
        if name == "total duration" {
            blocks.push((number, Vec::new()));
        }
        if let Some((_, block)) = blocks.last_mut().filter(|_| NAMES.contains(&name)) {
            block.push((number, name, value));
        }
    }
    blocks.into_iter().map(|(line, block)| Ok((line, answer(line, &block)?))).collect()
}

const NAMES: &[&str] = &[
    "total duration",
    "load duration",
    "prompt eval count",
    "prompt eval duration",
    "prompt eval rate",
    "eval count",
    "eval duration",
    "eval rate",
];

fn answer(line: u64, block: &[Line]) -> Result<Answer> {
    let find = |name: &str| block.iter().find(|(_, n, _)| *n == name);
    let duration = |name: &str| match find(name) {
        None => Ok(None),
        Some((at, _, text)) => match duration_ns(text) {
            Some(ns) => Ok(Some(ns)),
            None => {
                Err(Fault::new(format!("`{name}` is no duration"), quoted(text), "paste the text as it came").at(*at))
            }
        },
    };
    let number = |name: &str| match find(name) {
        None => Ok(None),
        Some((at, _, text)) => match text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()) {
            Some(n) if n >= 0.0 && n.is_finite() => Ok(Some(n)),
            _ => Err(Fault::new(format!("`{name}` is no number"), quoted(text), "paste the text as it came").at(*at)),
        },
    };
    let count = |name: &str| match number(name)? {
        Some(n) if n.fract() != 0.0 => {
            let at = find(name).map_or(line, |(at, ..)| *at);
            Err(Fault::new(format!("`{name}` is not a whole number"), n, "paste the text as it came").at(at))
        }
        whole => Ok(whole),
    };
    let missing = |name: &str| {
        Fault::new(format!("`{name}` is missing"), quoted("total duration"), "paste the whole text").at(line)
    };
    let answer = Answer {
        total: duration("total duration")?.ok_or_else(|| missing("total duration"))?,
        load: duration("load duration")?,
        prompt_tokens: count("prompt eval count")?,
        prompt: duration("prompt eval duration")?,
        tokens: count("eval count")?.ok_or_else(|| missing("eval count"))?,
        eval: duration("eval duration")?.ok_or_else(|| missing("eval duration"))?,
        context: None,
    };
    let rate = number("eval rate")?.map(|rate| rate * answer.eval / 1e9);
    agree(line, ("`eval rate` x `eval duration` gives", rate), ("`eval count` is", answer.tokens), 0.5)?;
    if let (Some(tokens), Some(ns)) = (answer.prompt_tokens, answer.prompt) {
        let rate = number("prompt eval rate")?.map(|rate| rate * ns / 1e9);
        agree(line, ("`prompt eval rate` x its duration gives", rate), ("`prompt eval count` is", tokens), 0.5)?;
    }
    Ok(answer)
}

/// A duration as Go writes it: `1m15.3s`, `174ms`, `1h2m3s`.
pub fn duration_ns(text: &str) -> Option<f64> {
    let (mut rest, mut sum) = (text, None);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let ns = match &after[..end] {
            "h" => 3.6e12,
            "m" => 6e10,
            "s" => 1e9,
            "ms" => 1e6,
            "µs" | "μs" | "us" => 1e3,
            "ns" => 1.0,
            _ => return None,
        };
        sum = Some(sum.unwrap_or(0.0) + number * ns);
        rest = &after[end..];
    }
    sum.filter(|ns| *ns < 9e18)
}

#[cfg(test)]
mod tests {
    use super::duration_ns;

    #[test]
    fn durations_of_go() {
        assert_eq!(duration_ns("1m15.343902083s").map(f64::round), Some(75_343_902_083.0));
        assert_eq!(
            (duration_ns("174ms"), duration_ns("1h2m"), duration_ns("2µs")),
            (Some(1.74e8), Some(3.72e12), Some(2e3))
        );
        assert_eq!(
            (duration_ns("12"), duration_ns("s"), duration_ns(""), duration_ns("1m x")),
            (None, None, None, None)
        );
    }
}

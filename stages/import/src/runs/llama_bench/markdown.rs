//! llama-bench's table for people: the mean rate of each test, rounded. A blank cell repeats the one above it.

use super::{Test, device, dtype};
use crate::read::{
    decimal::Survey,
    fault::{Fault, Result, quoted},
    number::{Cell, Decimal, Mark, cell},
};
use crate::runs::sheet::{Sheet, count};

const WORDS: &str = "not of the table, passed over";

fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().trim_start_matches('>').trim();
    let inner = line.strip_prefix('|')?.trim_end();
    Some(inner.strip_suffix('|').unwrap_or(inner).split('|').map(str::trim).collect())
}

fn is_header(cells: &[&str]) -> bool {
    cells.contains(&"t/s") && cells.contains(&"test")
}

pub fn is_header_in(text: &str) -> bool {
    text.lines().filter_map(cells).any(|c| is_header(&c))
}

/// Several tables in one text, each under its header; the line of the build says the library of those before it.
pub fn tests(text: &str, asked: Option<Mark>, sheet: &mut Sheet) -> Result<Vec<Test>> {
    let rows = || (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, cells(text)?)));
    let numbers = rows().flat_map(|(line, row)| row.into_iter().map(move |cell| (line, rate(cell).0)));
    let decimal = Survey::choose_mark(asked, b'|', numbers)?;
    let mut tests: Vec<Test> = Vec::new();
    let (mut header, mut above): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let Some(row) = cells(line) else {
            match line.trim().strip_prefix("build:") {
                Some(build) => {
                    let library = format!("llama.cpp {}", build.trim());
                    tests.iter_mut().filter(|t| t.library.is_none()).for_each(|t| t.library = Some(library.clone()));
                }
                None if line.trim().is_empty() || line.trim().starts_with("```") => {}
                None => sheet.notes.line(number, WORDS),
            }
            continue;
        };
        if is_header(&row) {
            (header, above) = (row, Vec::new());
            continue;
        }
        let rule = |cell: &&str| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':' | ' '));
        if row.iter().all(rule) || header.is_empty() {
            continue;
        }
        if row.len() != header.len() {
            let what = format!("{} cells where the header has {}", row.len(), header.len());
            return Err(Fault::new(what, quoted(line.trim()), "paste the whole table").at(number));
        }
        let is_blank = |at: usize| row[at].is_empty() && above.get(at).is_none_or(|c| c.is_empty());
        let lost =
            (0..row.len()).find(|at| is_blank(*at) || row[*at].is_empty() && ["test", "t/s"].contains(&header[*at]));
        if let Some(at) = lost {
            let what = format!("column `{}` is blank, and no row above it says what it repeats", header[at]);
            return Err(Fault::new(what, quoted(line.trim()), "paste the whole table").at(number));
        }
        let whole: Vec<&str> = row
            .iter()
            .enumerate()
            .map(|(at, c)| if c.is_empty() { above.get(at).copied().unwrap_or("") } else { c })
            .collect();
        tests.push(test(number, &header, &whole, decimal)?);
        above = whole;
    }
    Ok(tests)
}

/// The two numbers of `1032.29 ± 1.21`; an old terminal wrote `Â±`.
fn rate(cell: &str) -> (&str, &str) {
    let (rate, deviation) = cell.split_once('\u{b1}').unwrap_or((cell, ""));
    (rate.trim_end_matches('\u{c2}').trim(), deviation.trim())
}

fn test(line: u64, header: &[&str], row: &[&str], decimal: Decimal) -> Result<Test> {
    let of = |name: &str| header.iter().position(|h| *h == name).map(|at| row[at]).filter(|c| !c.is_empty());
    let name = of("test").unwrap_or("");
    let fault =
        |what: &str, value: &str| Fault::new(what, quoted(value), "paste the table as llama-bench wrote it").at(line);
    let (prompt, generated, depth) = counts(name).ok_or_else(|| fault("no test of llama-bench", name))?;
    let (mean, deviation) = rate(of("t/s").unwrap_or(""));
    let number = |text: &str| match cell(text, decimal) {
        Cell::Number(q) => Some(q.value),
        _ => None,
    };
    let mean = number(mean).filter(|rate| *rate > 0.0).ok_or_else(|| fault("no rate", of("t/s").unwrap_or("")))?;
    let deviation = number(deviation);
    let known = ["model", "size", "params", "backend", "test", "t/s"];
    let settings = header.iter().zip(row).filter(|(h, c)| !known.contains(h) && !c.is_empty());
    let setting = |name: &str| of(name).and_then(|c| c.parse::<f64>().ok());
    let model = of("model").unwrap_or("");
    Ok(Test {
        line,
        prompt,
        generated,
        depth,
        // A rate counts prompt and new tokens together.
        ms: vec![(prompt + generated) as f64 / mean * 1e3],
        deviation,
        said: "the tokens of the test's name over its rounded mean rate",
        model: model.into(),
        dtype: dtype(model),
        device: device(line, of("backend").unwrap_or(""), setting("ngl"), None)?,
        threads: setting("threads").and_then(count),
        settings: settings.map(|(h, c)| (h.to_string(), c.to_string())).collect(),
        ..Test::default()
    })
}

/// Prompt, new tokens and depth of `pp512`, `tg 128`, `pp512+tg128`, `tg128 @ d4096`.
fn counts(name: &str) -> Option<(i64, i64, i64)> {
    let name: String = name.split_whitespace().collect();
    let (test, depth) = name.split_once('@').unwrap_or((&name, "d0"));
    let number =
        |text: &str, mark: &str| text.strip_prefix(mark)?.parse::<i64>().ok().filter(|n| (0..1 << 40).contains(n));
    let depth = number(depth, "d")?;
    let (mut prompt, mut generated) = (0, 0);
    for part in test.split('+') {
        match (number(part, "pp"), number(part, "tg")) {
            (Some(n), _) => prompt = n,
            (_, Some(n)) => generated = n,
            _ => return None,
        }
    }
    Some((prompt, generated, depth))
}

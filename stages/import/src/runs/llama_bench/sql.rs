//! llama-bench's `-o sql`: one INSERT a test, names and values in parentheses.

use crate::read::{
    fault::{Fault, Result, quoted},
    sheet::Row,
};
use std::rc::Rc;

pub fn rows(text: &str) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut at = 0;
    let (mut counted, mut line) = (0, 1);
    while let Some(begin) = text[at..].find("INSERT INTO").map(|i| at + i) {
        line += text[counted..begin].bytes().filter(|b| *b == b'\n').count() as u64;
        counted = begin;
        let cut = || {
            Fault::new("a statement that ends early", quoted(&text[begin..]), "give the whole output of llama-bench")
                .at(line)
        };
        let (names, after) = list(text, begin).ok_or_else(cut)?;
        let (values, end) = list(text, after).ok_or_else(cut)?;
        if !text[after..].trim_start().starts_with("VALUES") {
            return Err(cut());
        }
        if names.len() != values.len() {
            let what = format!("{} values for {} columns", values.len(), names.len());
            let first = values.first().map_or("", |v| v.as_str());
            return Err(
                Fault::new(what, quoted(first), "a column has no name: give the output as the tool wrote it").at(line)
            );
        }
        found.push(Row::new(line, Rc::new(names), &values));
        at = end;
    }
    Ok(found)
}

/// The items of the next parentheses and where they end. Quotes inside quotes are doubled.
fn list(text: &str, from: usize) -> Option<(Vec<String>, usize)> {
    let open = text[from..].find('(').map(|i| from + i + 1)?;
    let (mut items, mut item, mut quoted) = (Vec::new(), String::new(), false);
    for (at, c) in text[open..].char_indices() {
        match c {
            '\'' => {
                quoted = !quoted;
                item.push(c);
            }
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            ')' if !quoted => {
                items.push(item);
                return Some((items.iter().map(|i| bare(i)).collect(), open + at + 1));
            }
            c => item.push(c),
        }
    }
    None
}

fn bare(item: &str) -> String {
    let item = item.trim();
    let inner = item.strip_prefix('\'').and_then(|i| i.strip_suffix('\''));
    inner.map_or(item.to_string(), |i| i.replace("''", "'"))
}

//! Charts: Vega-Lite files, filled through `vega_lite_4`. A new chart is an entry of its section in `report.toml` with the query of that
//! name in `sql/charts`, and a file in `charts/` with a [`shape::Shape`] if it needs another one.

pub mod round_trip;
pub mod shape;

use crate::sql;
use anyhow::{Context, Result};
use recombine::Workbench;
use schemas::terminal::is_obeyed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shape::Shape;

/// A chart for each `mode` that has rows; rows without one make one chart.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Of its rows in `sql/charts`, which are those of the shape.
    pub name: String,
    title: String,
    shape: Shape,
    /// Titles of the axes.
    across: String,
    #[serde(default)]
    up: String,
}

/// A chart ready to be drawn.
#[derive(Debug, Clone, Serialize)]
pub struct Chart {
    pub id: String,
    pub kind: String,
    pub title: String,
    /// What the chart shows, in words.
    pub alternative: String,
    pub spec: Value,
}

/// Names of rows that a chart shows, and marks in all; the tables have the others.
const MOST_ROWS: usize = 16;
const MOST_MARKS: usize = 30;

/// Every chart that has something to show; `ready` sees each as soon as it is.
pub fn fill<'a>(
    bench: &Workbench,
    kinds: impl Iterator<Item = &'a Kind>,
    mut ready: impl FnMut(&Chart) -> Result<()>,
) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    for kind in kinds {
        let rows = sql::find(sql::charts::ALL, &kind.name)?;
        let rows: Vec<Map<String, Value>> = bench.select(rows.sql).with_context(|| format!("chart {}", kind.name))?;
        let mut modes: Vec<(String, Vec<Map<String, Value>>)> = Vec::new();
        for mut row in rows {
            let mode = match row.remove("mode") {
                Some(Value::String(mode)) => mode,
                _ => String::new(),
            };
            match modes.iter_mut().find(|(known, _)| *known == mode) {
                Some((_, of_mode)) => of_mode.push(row),
                None => modes.push((mode, vec![row])),
            }
        }
        for (mode, rows) in modes {
            let chart = chart(kind, &mode, rows).with_context(|| format!("chart {}", kind.name))?;
            ready(&chart)?;
            charts.push(chart);
        }
    }
    Ok(charts)
}

fn chart(kind: &Kind, mode: &str, mut rows: Vec<Map<String, Value>>) -> Result<Chart> {
    let mode = &replaced(mode);
    let cut = first_rows(kind.shape, &mut rows);
    if kind.shape == Shape::Bars {
        mark_ties(&mut rows);
    }
    for value in rows.iter_mut().flat_map(|row| row.values_mut()) {
        six_digits(value);
        drawable(value);
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    let mut title = if mode.is_empty() { kind.title.clone() } else { format!("{}: {mode}", kind.title) };
    if cut > 0 {
        title.push_str(&format!(" (without {cut} more rows)"));
    }
    let mut spec: Value = serde_json::from_str(kind.shape.file()).context("not JSON")?;
    spec["title"] = title.clone().into();
    let logarithmic = kind.shape.logarithmic_for(&rows);
    for (path, name) in kind.shape.axes(&kind.across, &kind.up, logarithmic) {
        *spec.pointer_mut(path).with_context(|| format!("the file has no {path}"))? = name.into();
        let scale = path.replace("/title", "/scale/type");
        if let Some(scale) = spec.pointer_mut(&scale).filter(|_| !logarithmic) {
            *scale = "linear".into();
        }
    }
    kind.shape.prune(&mut spec, &rows);
    let alternative = kind.shape.words(&kind.across, &kind.up, &rows);
    spec["data"]["values"] = rows.into();
    Ok(Chart {
        id: id(&kind.name, mode),
        kind: kind.name.clone(),
        title,
        alternative,
        spec: round_trip::checked(&spec)?,
    })
}

/// Name of the chart's files.
fn id(kind: &str, mode: &str) -> String {
    let slug: String =
        mode.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let id = format!("{kind}-{slug}");
    id.replace("--", "-").trim_end_matches('-').to_string()
}

/// Keeps the rows of the first names; says how many names were left out.
fn first_rows(shape: Shape, rows: &mut Vec<Map<String, Value>>) -> usize {
    if shape == Shape::Scatter {
        let cut = rows.len().saturating_sub(2 * MOST_MARKS);
        rows.truncate(2 * MOST_MARKS);
        return cut;
    }
    if matches!(shape, Shape::Lines | Shape::Trace) {
        return 0;
    }
    let mut names: Vec<Value> = Vec::new();
    for row in rows.iter() {
        let name = row.get("row").cloned().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let in_a_row =
        (rows.iter().filter(|r| r.get("kind").is_none_or(|k| k == "cell")).count() / names.len().max(1)).max(1);
    let kept = names.len().min(MOST_ROWS).min((MOST_MARKS / in_a_row).max(1));
    let cut = names.len() - kept;
    names.truncate(kept);
    rows.retain(|row| names.contains(&row.get("row").cloned().unwrap_or_default()));
    cut
}

/// The row of a bar, and its interval.
type Placed = (Value, Option<(f64, f64)>);

/// Writes beside bars of one row which of them cannot be told from the first by their intervals: `tie`, at `end`.
fn mark_ties(rows: &mut [Map<String, Value>]) {
    let ends = |row: &Map<String, Value>| Some((row.get("low")?.as_f64()?, row.get("high")?.as_f64()?));
    let seen: Vec<Placed> = rows.iter().map(|row| (row.get("row").cloned().unwrap_or_default(), ends(row))).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        let meets = |(j, other): (usize, &Placed)| {
            let both = seen[i].1.zip(other.1);
            j != i && other.0 == seen[i].0 && both.is_some_and(|(a, b)| a.0 <= b.1 && b.0 <= a.1)
        };
        let tied = seen.iter().enumerate().any(meets);
        row.insert("tie".into(), if tied { "tie" } else { "" }.into());
        let end = row.get("high").filter(|h| !h.is_null()).or_else(|| row.get("value")).cloned().unwrap_or_default();
        row.insert("end".into(), end);
    }
}

/// A picture shows no more.
fn six_digits(value: &mut Value) {
    if let Some(number) = value.as_f64().filter(|_| value.is_f64()) {
        *value = format!("{number:.5e}").parse::<f64>().map_or(Value::Null, Value::from);
    }
}

/// Here names enter charts, and none of them must end the report.
fn drawable(value: &mut Value) {
    if let Value::String(text) = value {
        *text = replaced(text);
    }
}

/// U+FFFD for what no SVG (XML 1.0, 2.2) can hold: control characters and noncharacters. And for all beyond U+FFFF, such as emoji: Vega
/// cuts long names in the middle of a surrogate pair, and half of one is no text. Tables show the whole names.
fn replaced(text: &str) -> String {
    let is_out = |c: char| is_obeyed(c) || matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{fffe}'..);
    text.chars().map(|c| if is_out(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bars(rows: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(rows).unwrap()
    }

    #[test]
    fn bars_whose_intervals_meet_are_ties() {
        let mut rows = bars(json!([
            {"row": "x", "value": 1.0, "low": 0.5, "high": 1.5},
            {"row": "x", "value": 1.4, "low": 1.2, "high": 1.6},
            {"row": "x", "value": 3.0, "low": 2.9, "high": 3.1},
            {"row": "y", "value": 1.4, "low": 1.2, "high": 1.6},
            {"row": "y", "value": 1.4},
        ]));
        mark_ties(&mut rows);
        let ties: Vec<&str> = rows.iter().map(|r| r["tie"].as_str().unwrap()).collect();
        assert_eq!(ties, ["tie", "tie", "", "", ""]);
        assert_eq!((rows[0]["end"].as_f64(), rows[4]["end"].as_f64()), (Some(1.5), Some(1.4)));
    }

    #[test]
    fn names_that_no_picture_can_hold_are_replaced() {
        let hostile = "a\0b\u{1b}c\u{ffff}d🔥e\u{7f}f\tg\u{fdd0}";
        let shown = "a b c d e f g ".replace(' ', "\u{fffd}");
        assert_eq!(replaced(hostile), shown);
        assert_eq!(replaced("größer, 漢字 <b>"), "größer, 漢字 <b>");
    }

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(id("latency", "generate, KV cache"), "latency-generate-kv-cache");
        assert_eq!(id("trace", ""), "trace");
    }

    #[test]
    fn long_charts_are_cut_and_say_so() {
        let mut rows: Vec<Map<String, Value>> =
            (0..40).map(|i| bars(json!([{"row": format!("{i}"), "value": 1.0}])).remove(0)).collect();
        assert_eq!(first_rows(Shape::Bars, &mut rows), 24);
        assert_eq!(rows.len(), MOST_ROWS);
    }
}

//! GuideLLM's `benchmarks.csv`: three lines of headers (group, name, unit or statistic), one line a benchmark.
//!
//! Its times are local, without a zone and to the second. Tokens are a mean x the number of requests.

use crate::read::{
    fault::{Fault, Notes, Result, quoted},
    fields::split_header,
    json::{self, Value},
    sheet::{Row, Sheet as Table},
    source::Source,
    zone::Stamp,
};
use crate::runs::serving;

/// One line, as the JSON has it.
pub struct Level {
    pub line: u64,
    pub level: Value,
    pub report: Value,
    pub end: Stamp,
}

pub fn recognises(head: &str) -> bool {
    let has_groups =
        |names: &[String]| ["Run Info", "Request Counts"].iter().all(|group| names.iter().any(|n| n == group));
    head.lines().next().is_some_and(|line| split_header(line, None, &has_groups).is_some())
}

pub fn levels(source: Source) -> Result<Vec<Level>> {
    let table = Table::open(source)?;
    let groups = table.header().to_vec();
    let mut rows = Vec::new();
    table.each(&mut |row| {
        rows.push(row.clone());
        Ok(())
    })?;
    let [names, units, levels @ ..] = rows.as_slice() else {
        let remedy = "give the file as GuideLLM wrote it";
        return Err(Fault::new("three lines of headers are missing", quoted(&groups[0]), remedy).at(1));
    };
    let place = |group: &str, name: &str, unit: &str| {
        (0..groups.len()).find(|at| groups[*at] == group && names.text(*at) == name && units.text(*at) == unit)
    };
    levels.iter().map(|row| level(row, &place)).collect()
}

type Place<'a> = dyn Fn(&str, &str, &str) -> Option<usize> + 'a;

fn level(row: &Row, place: &Place) -> Result<Level> {
    let text = |group: &str, name: &str, unit: &str| place(group, name, unit).map_or("", |at| row.text(at)).to_string();
    let map = |pairs: Vec<(&str, Value)>| Value::Map(pairs.into_iter().map(|(k, v)| (k.to_string(), v)).collect());
    let number = |group: &str, name: &str, unit: &str| {
        let named = |fault: Fault| Fault { what: format!("{}, {name} {unit}", fault.what).trim_end().into(), ..fault };
        let found = row.amount(place(group, name, unit)).map_err(named)?;
        Ok::<Value, Fault>(found.map_or(Value::Null, Value::Number))
    };
    let count = |name: &str| number("Request Counts", name, "");
    let completed = count("Successful")?.as_f64().unwrap_or(0.0);
    let successful = |value: Value| map(vec![("successful", value)]);
    let mean = |group: &str, name: &str| {
        let of = |unit: &str| number(group, name, unit);
        Ok::<Value, Fault>(successful(map(vec![("mean", of("Mean")?), ("median", of("Median")?)])))
    };
    let total = |name: &str| {
        let mean = number("Token Metrics", name, "Mean")?.as_f64();
        let sum = if completed == 0.0 { Some(0.0) } else { mean.map(|mean| mean * completed) };
        Ok::<Value, Fault>(successful(map(vec![("total_sum", sum.map_or(Value::Null, Value::Number))])))
    };
    let totals = vec![
        ("successful", count("Successful")?),
        ("errored", count("Errored")?),
        ("incomplete", count("Incomplete")?),
    ];
    let metrics = map(vec![
        ("request_totals", map(totals)),
        ("output_token_count", total("Successful Output Tokens")?),
        ("prompt_token_count", total("Successful Input Tokens")?),
        ("time_to_first_token_ms", mean("Time to First Token", "Successful ms")?),
        ("inter_token_latency_ms", mean("Inter Token Latency", "Successful ms")?),
        ("request_latency", mean("Request Latency", "Successful Sec")?),
        ("prompt_tokens_per_second", mean("Token Throughput", "Successful Input Tokens/Sec")?),
        ("output_tokens_per_second", mean("Token Throughput", "Successful Output Tokens/Sec")?),
    ]);
    let strategy = text("Benchmark", "Strategy", "");
    let (kind, of) = strategy.split_once('@').unwrap_or((&strategy, ""));
    let key = if kind == "concurrent" { "streams" } else { "rate" };
    let of = if of.parse::<f64>().is_ok() { Value::Text(of.into()) } else { Value::Null };
    let strategy = map(vec![("type_", Value::Text(kind.into())), (key, of)]);
    let config = map(vec![("strategy", strategy), ("backend", object(&text("Run Info", "Backend", "")))]);
    let made = map(vec![("total", number("Scheduler Metrics", "Requests Made Total", "")?)]);
    let level = map(vec![
        ("duration", number("Timings", "Duration", "Sec")?),
        ("metrics", metrics),
        ("config", config),
        ("scheduler_metrics", map(vec![("requests_made", made)])),
    ]);
    let end = serving::time(row.line, "Measure End Time", &text("Timings", "Measure End Time", ""))?;
    let report = map(vec![("config", object(&text("Runtime Info", "Arguments", "")))]);
    Ok(Level { line: row.line, level, report, end })
}

/// An object in a cell; nothing where it is none.
fn object(text: &str) -> Value {
    let mut found = Value::Null;
    let read = json::entries(text, &mut Notes::default(), &mut |_, value, _| {
        found = value;
        Ok(())
    });
    if read.is_ok() { found } else { Value::Null }
}

//! Tables of the ML.ENERGY leaderboard and benchmark: energy of the GPUs a response (2023 CSV and 2024 JSON) or a token (2025).
//!
//! Columns: README of ml-energy/leaderboard and the card of the ML.ENERGY Benchmark v3 data set. An energy per response is none per
//! token: without a count of tokens it is refused.

use super::{
    figures::short,
    load::Load,
    sheet::{Sheet, count, generate},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value},
    sheet::{Row as Line, Sheet as Table},
    source::Source,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "ml-energy", about: "tables of the ML.ENERGY leaderboard: CSV and JSON", recognises, read };

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    let table = head
        .lines()
        .next()
        .is_some_and(|l| ["model", "throughput", "response_length", "energy"].iter().all(|c| l.contains(c)));
    table || has("Energy per request (J)") || has("Energy/req (J)") || has("energy_per_token_joules")
}

/// Responses that one run stands for: means of tokens are no whole numbers.
const RESPONSES: f64 = 1000.0;

/// By how much requests may come faster than was asked for: intervals are random.
const OFFERED: f64 = 1.2;
/// By how much the number in flight and the batch may differ: both are means.
const IN_FLIGHT: f64 = 2.0;

/// One row of a table, whatever it was written in.
struct Row {
    line: u64,
    model: String,
    backend: String,
    device: String,
    scenario: String,
    /// J of the GPUs, a response, and its tokens.
    energy_j: f64,
    tokens: Option<f64>,
    from: &'static str,
    /// New tokens a second of the whole server, or responses a second.
    tokens_per_s: Option<f64>,
    responses_per_s: Option<f64>,
    tpot_ms: Option<f64>,
    load: Load,
    doubt: Option<String>,
}

/// The cells of a table as an entry of JSON, numbers with the file's mark of decimals.
fn as_entry(row: &Line) -> Value {
    let value = |name: &str, text: &str| match row.number(name) {
        Ok(Some(number)) => Value::Number(number),
        _ => Value::Text(text.to_string()),
    };
    let cell = |name: &str| Some((name.to_string(), value(name, row.of(name)?)));
    Value::Map(row.names().filter_map(cell).collect())
}

/// Fields that are columns, results, or in the scenario already.
const KNOWN: &[&str] = &[
    "Model",
    "model",
    "model_id",
    "nickname",
    "Backend",
    "backend",
    "GPU model",
    "GPU",
    "gpu_model",
    "gpu",
    "response_length",
    "latency",
    "Avg Output Tokens",
    "Average output tokens",
    "avg_output_len",
    "Token tput (tok/s)",
    "Token tput (toks/s)",
    "Requests per second",
    "Latency per request (s)",
    "Avg TPOT (s)",
    "Latency (s)",
    "requests_per_second",
    "Avg BS (reqs)",
    "Average batch size",
    "task",
    "TP",
    "PP",
    "Request rate",
    "Max BS (reqs)",
    "max_num_seqs",
    "num_gpus",
    "# GPUs",
    "batch_size",
    "Power (W)",
    "GPU power (W)",
    "avg_power_watts",
    "arena_score",
    "parameters",
    "Total params (B)",
    "Activated params (B)",
];

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let json = text.trim_start().starts_with(['{', '[']);
    if !json {
        let header = |names: &[String]| names.iter().any(|n| n == "energy" || n == "energy_per_token_joules");
        let rows = Table::rows(source, &header)?;
        return take_all(rows.iter().map(|row| (row.line, of_table(row))).collect(), sheet);
    }
    let mut rows = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, entry, _| {
        // The leaderboard's files of a task hold its rows as a list.
        match entry.list("configurations") {
            Some(list) => rows.extend(list.iter().map(|e| (line, of_entry(line, e)))),
            None => rows.push((line, of_entry(line, &entry))),
        }
        Ok(())
    })?;
    take_all(rows, sheet)
}

/// Takes the rows that have their numbers. What lacks one is left out, unless nothing is left.
fn take_all(rows: Vec<(u64, Result<Row>)>, sheet: &mut Sheet) -> Result<()> {
    let none = rows.iter().all(|(_, row)| row.is_err());
    for (line, row) in rows {
        match row {
            Ok(row) => take(row, sheet)?,
            Err(fault) if none => return Err(fault),
            Err(fault) => sheet.notes.line(line, &format!("{}, left out", fault.what)),
        }
    }
    Ok(())
}

fn take(row: Row, sheet: &mut Sheet) -> Result<()> {
    let line = row.line;
    let given = sheet.options.tokens_per_response;
    let Some(tokens) = row.tokens.or(given).filter(|t| *t > 0.0) else {
        let value = format!("{} J a response", row.energy_j);
        return Err(
            Fault::new("energy per response without a count of tokens", value, "give --tokens-per-response N").at(line)
        );
    };
    let rate = row.tokens_per_s.or(row.responses_per_s.map(|r| r * tokens)).filter(|r| *r > 0.0);
    let Some(rate) = rate else {
        return Err(Fault::new("no throughput", quoted(&row.model), "give the table with its rates").at(line));
    };
    let mut run = generate(row.scenario);
    (run.model, run.backend, run.device) = (row.model, row.backend, row.device);
    run.batch = RESPONSES as i64;
    run.tokens_generated = count(tokens * RESPONSES);
    let from = if row.tokens.is_some() { row.from } else { "assumed: --tokens-per-response" };
    run.tokens_from = Some(format!("{from}, of {RESPONSES} responses"));
    run.latency_ms = Some(tokens * RESPONSES / rate * 1e3);
    run.tpot_ms = row.tpot_ms;
    run.reported_gpu_j = Some(row.energy_j * RESPONSES);
    run.reason = row.doubt;
    sheet.add(line, run, row.load, When::Unknown, "the tokens of 1000 responses over the throughput")
}

fn positive(line: u64, name: &str, value: Option<f64>) -> Result<f64> {
    let missing = || Fault::new(format!("`{name}` is missing or not above 0"), value.unwrap_or(0.0), "correct the row");
    value.filter(|v| *v > 0.0).ok_or_else(|| missing().at(line))
}

fn of_table(row: &Line) -> Result<Row> {
    let text = |names: &[&str]| row.first(names).unwrap_or("").to_string();
    let per_token = row.number("energy_per_token_joules")?;
    let length = row.number("response_length")?.or(row.number("avg_output_len")?);
    let energy_j = match per_token {
        Some(j) => j * length.unwrap_or(1.0),
        None => positive(row.line, "energy", row.number("energy")?)?,
    };
    let named =
        ["task", "batch_size", "max_num_seqs", "num_gpus"].iter().filter_map(|n| row.of(n).map(|v| format!("{n} {v}")));
    Ok(Row {
        line: row.line,
        model: text(&["model", "model_id", "nickname"]),
        backend: text(&["backend"]),
        device: text(&["gpu", "gpu_model"]),
        scenario: scenario(named),
        energy_j,
        tokens: length.or(per_token.map(|_| 1.0)),
        from: "the mean response length",
        tokens_per_s: row.number("throughput")?.or(row.number("output_throughput_tokens_per_sec")?),
        responses_per_s: None,
        tpot_ms: row.number("mean_itl_ms")?,
        doubt: doubt(&as_entry(row), per_token, length),
        load: Load::of(&as_entry(row), KNOWN),
    })
}

fn of_entry(line: u64, entry: &Value) -> Result<Row> {
    let text = |keys: &[&str]| keys.iter().find_map(|k| entry.text(k)).unwrap_or("").to_string();
    let per_token = entry.number("energy_per_token_joules");
    let length = entry.any(&["Avg Output Tokens", "Average output tokens", "avg_output_len", "response_length"]);
    let energy_j = match per_token {
        Some(j) => positive(line, "energy_per_token_joules", Some(j))? * length.unwrap_or(1.0),
        None => positive(line, PER_RESPONSE[0], entry.any(PER_RESPONSE))?,
    };
    let keys = ["task", "TP", "PP", "Request rate", "Max BS (reqs)", "max_num_seqs", "num_gpus", "# GPUs"];
    let named = keys.iter().filter_map(|k| Some(format!("{k} {}", entry.get(k)?.shown()?)));
    let tpot_ms = entry.any(&["mean_itl_ms", "median_itl_ms"]).or(entry.number("Avg TPOT (s)").map(|s| s * 1e3));
    Ok(Row {
        line,
        model: text(&["Model", "model", "model_id", "nickname"]),
        backend: text(&["Backend", "backend"]),
        device: text(&["GPU model", "GPU", "gpu_model", "gpu"]),
        scenario: scenario(named),
        energy_j,
        tokens: length.or(per_token.map(|_| 1.0)),
        from: "the mean response length",
        tokens_per_s: entry.any(&[
            "Token tput (tok/s)",
            "Token tput (toks/s)",
            "output_throughput_tokens_per_sec",
            "throughput",
        ]),
        responses_per_s: entry.any(&["Requests per second", "requests_per_second"]),
        tpot_ms,
        doubt: doubt(entry, per_token, length),
        load: Load::of(entry, KNOWN),
    })
}

const PER_RESPONSE: &[&str] = &["Energy per request (J)", "Energy/req (J)", "energy_per_request_joules", "energy"];

/// Energies of a token and of a response, or rates of both, that contradict each other.
fn doubt(entry: &Value, per_token: Option<f64>, length: Option<f64>) -> Option<String> {
    let differ = |a: f64, b: f64| (a - b).abs() > 0.01 * a.max(b);
    let energy = entry.any(PER_RESPONSE).zip(per_token.zip(length)).map(|(all, (each, n))| (all, each * n));
    if let Some((all, by_token)) = energy.filter(|(a, b)| differ(*a, *b)) {
        return Some(format!("a response takes {} J, and {} J by its tokens", short(all), short(by_token)));
    }
    let tokens = entry.any(&["Token tput (tok/s)", "Token tput (toks/s)", "output_throughput_tokens_per_sec"]);
    let responses = entry.any(&["Requests per second", "requests_per_second"]).zip(length).map(|(rate, n)| rate * n);
    if let Some((a, b)) = tokens.zip(responses).filter(|(a, b)| differ(*a, *b)) {
        return Some(format!("{} tokens a second, and {} by the responses and their length", short(a), short(b)));
    }
    let rate = entry.any(&["Requests per second", "requests_per_second"]);
    let offered = entry.number("Request rate").filter(|rate| *rate > 0.0);
    if let Some((rate, offered)) = rate.zip(offered).filter(|(rate, offered)| *rate > offered * OFFERED) {
        return Some(format!("{} responses a second, of {} that were asked for", short(rate), short(offered)));
    }
    // As many are in flight as come while one is answered (Little's law): the batch, where that is what a table has.
    let seconds = entry.any(&["latency", "Latency per request (s)", "Latency (s)"]);
    let rate = rate.or(entry.number("throughput").zip(length).map(|(tokens, length)| tokens / length));
    let in_flight = rate.zip(seconds).map(|(rate, seconds)| rate * seconds);
    let batch = entry.any(&["batch_size", "Avg BS (reqs)", "Average batch size"]).filter(|n| *n > 0.0);
    let (a, b) = in_flight.zip(batch).filter(|(a, b)| *a > b * IN_FLIGHT || *a < b / IN_FLIGHT)?;
    Some(format!("{} responses were in flight by rate and latency, and the batch is {}", short(a), short(b)))
}

fn scenario(named: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = named.collect();
    if parts.is_empty() { "responses".into() } else { parts.join(", ") }
}

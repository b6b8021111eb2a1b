//! GenAI-Perf's `profile_export_genai_perf.csv`, and AIPerf's `profile_export_aiperf.csv`, which has the same shape: a table of
//! distributions and a table of single values, with marks of thousands in quotes.

use super::{
    figures::{self, Figures, distribution},
    load::Load,
    sheet::{Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    decimal::Survey,
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    table::fields,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "genai-perf", about: "GenAI-Perf's and AIPerf's CSV: two tables in one file", recognises, read };

fn recognises(head: &str) -> bool {
    head.lines().any(|l| ["Metric,", "\"Metric\","].iter().any(|begin| l.trim_start().starts_with(begin)))
        && head.contains("Request ")
}

/// Name without its unit, unit, mean or value, line.
type Metric = (String, String, f64, u64);
/// What is wrong with a metric's distribution, by its name.
type Doubts = Vec<(String, String)>;

fn metrics(text: &str, decimal: Decimal) -> Result<(Vec<Metric>, Doubts)> {
    let (mut found, mut doubts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let mut columns = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            columns = None;
            continue;
        }
        let fields = fields(line, b',');
        if fields.first().is_some_and(|f| f == "Metric") {
            // The mean of a distribution, the only value of the others.
            let at = fields.iter().position(|f| ["avg", "value"].contains(&f.to_ascii_lowercase().as_str()));
            columns = Some((fields.len(), at.unwrap_or(1)));
            labels = fields;
            continue;
        }
        let Some((columns, at)) = columns else { continue };
        if fields.len() != columns {
            let what = format!("{} fields where the header has {columns}", fields.len());
            return Err(Fault::new(what, quoted(&fields[0]), "give the file as the tool wrote it").at(number));
        }
        let (name, unit) = fields[0].rsplit_once(" (").unwrap_or((&fields[0], ""));
        let value = fields.get(at).map_or("", |f| f.as_str());
        doubts.extend(spread(name, &labels, &fields, decimal).map(|doubt| (name.to_string(), doubt)));
        match cell(value, decimal) {
            Cell::Number(q) => found.push((name.to_string(), unit.trim_end_matches(')').to_string(), q.value, number)),
            Cell::Absent(_) => {}
            // A table of text follows the numbers in AIPerf's file (GPUs, endpoints).
            Cell::Rubbish if found.iter().any(|m: &Metric| m.0 == "Request Count") => {}
            Cell::Rubbish => return Err(Fault::new("no number", quoted(value), "correct the field").at(number)),
        }
    }
    Ok((found, doubts))
}

fn spread(name: &str, labels: &[String], fields: &[String], decimal: Decimal) -> Option<String> {
    let of = |label: &str| {
        let at = labels.iter().position(|l| l == label)?;
        match cell(fields.get(at)?, decimal) {
            Cell::Number(q) => Some(q.value),
            _ => None,
        }
    };
    distribution(name, of("avg"), &of)
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let rows = (1..).zip(text.lines()).map(|(line, text)| (line, fields(text, b',')));
    let cells: Vec<(u64, String)> =
        rows.flat_map(|(line, row)| row.into_iter().skip(1).map(move |cell| (line, cell))).collect();
    let cells = cells.iter().map(|(line, cell)| (*line, cell.as_str()));
    let (metrics, spreads) = metrics(text, Survey::choose_mark(source.decimal, b',', cells)?)?;
    let of = |name: &str| metrics.iter().find(|m| m.0 == name);
    let value = |name: &str| of(name).map(|m| m.2);
    let ms = |name: &str| of(name).map(|m| m.2 * if m.1.starts_with("sec") || m.1 == "s" { 1e3 } else { 1.0 });
    let must = |name: &str| {
        let remedy = "give the whole file, both tables, as the tool wrote it";
        of(name).map(|m| m.2).ok_or_else(|| Fault::new("a metric is missing", quoted(name), remedy).at(1))
    };
    let requests = must("Request Count")?;
    let (tokens, from) =
        match (value("Total OSL").or(value("Total Output Sequence Length")), value("Output Sequence Length")) {
            (Some(total), _) => (total, "`Total OSL`: all generated tokens".to_string()),
            (None, Some(mean)) => {
                (requests * mean, "approximate: request count x rounded mean output sequence length".into())
            }
            (None, None) => (must("Output Sequence Length")?, String::new()),
        };
    let rate = value("Output Token Throughput").filter(|rate| *rate > 0.0 && tokens > 0.0);
    let (duration_ms, said) = match (ms("Benchmark Duration"), rate, value("Request Throughput")) {
        (Some(ms), ..) => (ms, "`Benchmark Duration`"),
        // Of two rounded rates the larger number has more digits.
        (None, Some(rate), _) => (tokens / rate * 1e3, "the output tokens over the output token throughput"),
        (None, None, Some(rate)) if rate > 0.0 => {
            (requests / rate * 1e3, "the request count over the request throughput")
        }
        (None, None, rate) => {
            let value = rate.map_or("nothing".into(), |r| r.to_string());
            return Err(
                Fault::new("no duration and no request throughput", value, "give the whole file, both tables").at(1)
            );
        }
    };
    let input = value("Input Sequence Length");
    let failed = value("Error Request Count").unwrap_or(0.0);
    let line = of("Request Count").map_or(1, |m| m.3);
    let figures = Figures {
        duration_s: Some(duration_ms / 1e3),
        completed: Some(requests),
        failed: Some(failed),
        input_tokens: value("Total ISL").or(input.map(|n| n * requests)),
        output_tokens: Some(tokens),
        requests_per_s: value("Request Throughput"),
        output_per_s: value("Output Token Throughput"),
        total_per_s: value("Total Token Throughput"),
        ttft_ms: ms("Time To First Token"),
        tpot_ms: ms("Inter Token Latency"),
        latency_ms: ms("Request Latency"),
        is_approximate: true,
        ..Figures::default()
    };
    let mut doubts = figures.check(line)?;
    if let Some(mean) = value("Output Sequence Length").filter(|mean| (mean * requests - tokens).abs() > 0.01 * tokens)
    {
        let (by_mean, counted) = (figures::short(mean * requests), figures::short(tokens));
        doubts.push(format!("{counted} output tokens, {by_mean} by the requests and their mean length"));
    }
    doubts.extend(spreads.iter().map(|(_, doubt)| doubt.clone()));
    let is_sound = |name: &str| spreads.iter().all(|(doubted, _)| doubted != name);
    let mut run = generate(format!("{} requests", requests + failed));
    run.role = Some("all".into());
    (run.requests_completed, run.requests_failed) = (count(requests), value("Error Request Count").and_then(count));
    run.reasoning_tokens =
        value("Total Reasoning Tokens").or(value("Reasoning Token Count").map(|n| n * requests)).and_then(count);
    run.batch = count(requests).unwrap_or(1);
    set_prompt(&mut run, value("Total ISL").or(input.map(|n| n * requests)));
    run.tokens_generated = count(tokens);
    run.tokens_from = Some(from);
    run.latency_ms = Some(duration_ms);
    run.ttft_ms = ms("Time To First Token").filter(|_| is_sound("Time To First Token"));
    run.tpot_ms = ms("Inter Token Latency").filter(|_| is_sound("Inter Token Latency"));
    if failed >= 1.0 {
        let all = requests + failed;
        run.reason =
            Some(format!("{failed} of {all} requests failed: their tokens are not counted, their time and energy are"));
    }
    run.reason = figures::join(run.reason, doubts);
    let load = Load { names_lengths: true, ..Load::default() };
    sheet.add(line, run, load, When::Unknown, said)
}

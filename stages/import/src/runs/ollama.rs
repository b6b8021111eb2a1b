//! Ollama's answers: the last object of `/api/generate` and `/api/chat`, several of them, streams, and the text of `--verbose`.
//!
//! Fields: `Metrics` of ollama/api/types.go; durations in ns. `created_at` of the object with `done: true` is the end of the
//! answer, which
//! took `total_duration`, loading of the model included. Each answer is one run of one sequence.

mod verbose;

use super::{
    figures,
    load::Load,
    plausible::SENTINELS,
    serving::{amount, must, objects, time, whole},
    sheet::{Run, Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
};
use std::collections::BTreeMap;

pub const FORMAT: Format<Sheet> =
    Format { name: "ollama", about: "Ollama's answers: JSON, streams, text of --verbose", recognises, read };

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    has("\"created_at\"") && has("\"done\"") && (has("\"response\"") || has("\"message\"") || has("\"eval_count\""))
        || has("total duration:") && has("eval count:") && has("load duration:")
}

/// Share of an answer's time that loading may take.
const LOADING: f64 = 0.1;
/// Share of it that may be in none of its parts, and ns that always may.
const REST: (f64, f64) = (0.05, 5e7);
/// What tokenising the text of a conversation again makes of its length, share and tokens.
const RETOKENISED: (f64, f64) = (0.05, 8.0);
/// No part of an answer is shorter, ns.
const SHORTEST: f64 = 1e3;
/// What rounding makes of a duration, share and ns: `--verbose` and older servers have whole ms.
const ROUNDING: (f64, f64) = (1e-3, 2e6);
/// A prompt that is at least so long is read faster than an answer is written, by up to this factor where tokens are guessed ahead.
const PROMPT: f64 = 16.0;
const AHEAD: f64 = 3.0;

/// What one answer says, whatever it was written in. Times in ns.
#[derive(Debug, Default)]
pub struct Answer {
    pub total: f64,
    pub load: Option<f64>,
    pub prompt_tokens: Option<f64>,
    pub prompt: Option<f64>,
    pub tokens: f64,
    pub eval: f64,
    /// Length of `context`: the tokens of the conversation, of prompt and answer.
    pub context: Option<usize>,
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if !text.contains("\"created_at\"") {
        return verbose::answers(text)?
            .into_iter()
            .try_for_each(|(line, answer)| put(line, answer, generate("answer"), When::Unknown, sheet));
    }
    let mut open = None;
    let mut rates: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    for (line, entry) in objects(text, sheet)? {
        match entry.get("done") {
            Some(Value::Bool(true)) => open = None,
            Some(other) if entry.get("eval_count").is_some() || entry.get("total_duration").is_some() => {
                let value = quoted(&other.shown().unwrap_or_default());
                return Err(
                    Fault::new("`done` is not true beside counts", value, "give the answer as it came").at(line)
                );
            }
            Some(_) => {
                open.get_or_insert(line);
                continue;
            }
            None => {}
        }
        if let Some(error) = entry.get("error").and_then(Value::shown) {
            failed(line, &error, sheet)?;
        } else if entry.text("done_reason") == Some("load") || entry.text("done_reason") == Some("unload") {
            sheet.notes.line(line, "the model was loaded or unloaded, nothing was generated, left out");
        } else {
            last(line, &entry, sheet)?;
            let rate = entry.number("eval_count").zip(entry.number("eval_duration")).map(|(n, ns)| n / ns * 1e9);
            rates.entry(entry.text("model").unwrap_or("").into()).or_default().extend(rate.map(|rate| (line, rate)));
        }
    }
    for (line, rate, others) in rates.values().filter_map(|rates| figures::outlier(rates)) {
        let (rate, others) = (figures::short(rate), figures::short(others));
        let what = format!(
            "one answer was written at another rate than all others of its model, {rate} and {others} tokens/s"
        );
        sheet.notes.line(line, &what);
    }
    match open {
        None => Ok(()),
        Some(line) => {
            let remedy = "give the stream to its end, where the counts are";
            Err(Fault::new("a stream without its last object", "no `done: true` follows", remedy).at(line))
        }
    }
}

fn failed(line: u64, error: &str, sheet: &mut Sheet) -> Result<()> {
    let mut run = generate("answer");
    (run.status, run.reason) = ("failed".into(), Some(format!("the server answered with an error: {error}")));
    (run.batch, run.requests_completed, run.requests_failed) = (0, Some(0), Some(1));
    sheet.add(line, run, Load::default(), When::Unknown, "unknown: it failed")
}

fn last(line: u64, entry: &Value, sheet: &mut Sheet) -> Result<()> {
    let number = |key: &str| amount(line, entry, key);
    let is_there = |key: &str| entry.get(key).is_some_and(|value| *value != Value::Null);
    let answer = Answer {
        total: must(line, entry, "total_duration")?,
        load: number("load_duration")?,
        prompt_tokens: if is_there("prompt_eval_count") {
            Some(whole(line, entry, "prompt_eval_count")?)
        } else {
            None
        },
        prompt: number("prompt_eval_duration")?,
        tokens: whole(line, entry, "eval_count")?,
        eval: must(line, entry, "eval_duration")?,
        context: entry.list("context").map(<[Value]>::len),
    };
    let when = match entry.text("created_at") {
        Some(at) => When::Ended(time(line, "created_at", at)?),
        None => When::Unknown,
    };
    let kind = if entry.get("message").is_some() { "chat" } else { "generate" };
    let mut run = generate(kind);
    run.model = entry.text("model").unwrap_or("").into();
    if entry.text("done_reason") == Some("length") {
        sheet.notes.line(line, "the answer was cut at the length asked for: the tokens that came are counted");
    }
    put(line, answer, run, when, sheet)
}

fn put(line: u64, answer: Answer, mut run: Run, when: When, sheet: &mut Sheet) -> Result<()> {
    if answer.tokens < 1.0 {
        let value = quoted("eval count 0");
        return Err(Fault::new("an answer without tokens", value, "leave the answer out").at(line));
    }
    match answer.prompt_tokens {
        Some(n) => run.scenario += &format!(", {n} tokens in"),
        None => sheet.notes.line(line, "no count of prompt tokens: the prompt was empty or cached"),
    }
    let mut doubts = compare_parts(line, &answer)?;
    set_prompt(&mut run, answer.prompt_tokens);
    run.tokens_generated = count(answer.tokens);
    run.tokens_from = Some("`eval_count`: what the server counted".into());
    (run.requests_completed, run.requests_failed, run.role) = (Some(1), Some(0), Some("all".into()));
    run.latency_ms = Some(answer.total / 1e6);
    let load = answer.load.filter(|ns| *ns > 0.0);
    run.ttft_ms = answer.prompt.filter(|ns| *ns > 0.0).zip(load).map(|(prompt, load)| (prompt + load) / 1e6);
    run.tpot_ms = Some(answer.eval / answer.tokens / 1e6).filter(|_| answer.tokens > 1.0);
    run.load_ms = load.map(|ns| ns / 1e6);
    if let Some(load) = load.filter(|ns| *ns > answer.total * LOADING) {
        let (load, total) = (load / 1e9, answer.total / 1e9);
        doubts.push(format!("{load:.1} of {total:.1} s went into loading the model: their energy is in the run"));
    }
    run.reason = figures::join(None, doubts);
    let said = match when {
        When::Unknown => "`total_duration`, loading included",
        _ => "`created_at` less `total_duration` to `created_at`, loading included",
    };
    sheet.add(line, run, Load::default(), when, said)
}

/// The parts of an answer against its whole: times, tokens, and the rates that follow.
fn compare_parts(line: u64, answer: &Answer) -> Result<Vec<String>> {
    let mut doubts = Vec::new();
    let total = answer.total;
    for (name, ns) in
        [("load", answer.load), ("prompt", answer.prompt), ("answer", Some(answer.eval)), ("whole", Some(total))]
    {
        if let Some(ns) = ns.filter(|ns| *ns > 0.0 && *ns < SHORTEST || SENTINELS.contains(ns)) {
            let what = if ns < SHORTEST { "below 1 us" } else { "that is a counter's greatest number" };
            let remedy = "give the answer as it came";
            return Err(Fault::new(format!("a time of the {name} {what}"), format!("{ns} ns"), remedy).at(line));
        }
    }
    let parts = answer.load.unwrap_or(0.0) + answer.prompt.unwrap_or(0.0) + answer.eval;
    if parts > total * (1.0 + ROUNDING.0) + ROUNDING.1 {
        let value = format!("{:.3} s of parts, {:.3} s in all", parts / 1e9, total / 1e9);
        let remedy = "give the answer as it came";
        return Err(Fault::new("parts that take longer than the whole", value, remedy).at(line));
    }
    if total - parts > total * REST.0 + REST.1 {
        let (rest, total) = ((total - parts) / 1e9, total / 1e9);
        doubts.push(format!("{rest:.1} of {total:.1} s are in none of its parts: it waited, or one of them is wrong"));
    }
    let prompt = answer.prompt_tokens.zip(answer.prompt).filter(|(tokens, ns)| *tokens >= PROMPT && *ns > 0.0);
    let (read, written) = (prompt.map(|(tokens, ns)| tokens / ns * 1e9), answer.tokens / answer.eval * 1e9);
    if let Some(read) = read.filter(|read| written.is_finite() && written > *read * AHEAD) {
        let (read, written) = (figures::short(read), figures::short(written));
        doubts.push(format!(
            "{written} tokens a second were written and {read} of the prompt read: weights came from a disk, or a count is wrong"
        ));
    }
    let all = answer.prompt_tokens.unwrap_or(0.0) + answer.tokens;
    let most = answer.context.map(|n| n as f64 * (1.0 + RETOKENISED.0) + RETOKENISED.1);
    if let (Some(context), true) = (answer.context, most.is_some_and(|most| all > most)) {
        doubts.push(format!("{all} tokens of prompt and answer, {context} of the conversation in `context`"));
    }
    Ok(doubts)
}

//! Ollama's answers: the last object of `/api/generate` and `/api/chat`, several of them, streams, and the text of `--verbose`.
//!
//! Fields: `Metrics` of ollama/api/types.go; durations in ns. `created_at` of the object with `done: true` is the end of the
//! answer, which
//! took `total_duration`, loading of the model included. Each answer is one run of one sequence.

mod verbose;

use super::{
    load::Load,
    serving::{amount, must, objects, time},
    sheet::{Run, Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "ollama", about: "Ollama's answers: JSON, streams, text of --verbose", recognises, read };

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    has("\"created_at\"") && has("\"done\"") && (has("\"response\"") || has("\"message\"") || has("\"eval_count\""))
        || has("total duration:") && has("eval count:") && has("load duration:")
}

/// Share of an answer's time that loading may take.
const LOADING: f64 = 0.1;

/// What one answer says, whatever it was written in. Times in ns.
#[derive(Debug, Default)]
pub struct Answer {
    pub total: f64,
    pub load: Option<f64>,
    pub prompt_tokens: Option<f64>,
    pub prompt: Option<f64>,
    pub tokens: f64,
    pub eval: f64,
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if !text.contains("\"created_at\"") {
        return verbose::answers(text)?
            .into_iter()
            .try_for_each(|(line, answer)| put(line, answer, generate("answer"), When::Unknown, sheet));
    }
    let mut open = None;
    for (line, entry) in objects(text, sheet)? {
        match entry.get("done") {
            Some(Value::Bool(true)) => open = None,
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
        }
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
    let answer = Answer {
        total: must(line, entry, "total_duration")?,
        load: number("load_duration")?,
        prompt_tokens: number("prompt_eval_count")?,
        prompt: number("prompt_eval_duration")?,
        tokens: must(line, entry, "eval_count")?,
        eval: must(line, entry, "eval_duration")?,
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
    let parts = answer.load.unwrap_or(0.0) + answer.prompt.unwrap_or(0.0) + answer.eval;
    if parts > answer.total * 1.01 {
        let value = format!("{:.3} s of parts, {:.3} s in all", parts / 1e9, answer.total / 1e9);
        let remedy = "give the answer as it came";
        return Err(Fault::new("parts that take longer than the whole", value, remedy).at(line));
    }
    if answer.tokens < 1.0 {
        let value = quoted("eval count 0");
        return Err(Fault::new("an answer without tokens", value, "leave the answer out").at(line));
    }
    match answer.prompt_tokens {
        Some(n) => run.scenario += &format!(", {n} tokens in"),
        None => sheet.notes.line(line, "no count of prompt tokens: the prompt was empty or cached"),
    }
    set_prompt(&mut run, answer.prompt_tokens);
    run.tokens_generated = count(answer.tokens);
    run.tokens_from = Some("`eval_count`: what the server counted".into());
    (run.requests_completed, run.requests_failed, run.role) = (Some(1), Some(0), Some("all".into()));
    run.latency_ms = Some(answer.total / 1e6);
    run.ttft_ms = answer.prompt.map(|p| (p + answer.load.unwrap_or(0.0)) / 1e6);
    run.tpot_ms = Some(answer.eval / answer.tokens / 1e6).filter(|_| answer.tokens > 1.0);
    run.load_ms = answer.load.map(|ns| ns / 1e6);
    if let Some(load) = answer.load.filter(|ns| *ns > answer.total * LOADING) {
        run.reason = Some(format!(
            "{:.1} of {:.1} s went into loading the model: their energy is in the run",
            load / 1e9,
            answer.total / 1e9
        ));
    }
    let said = match when {
        When::Unknown => "`total_duration`, loading included",
        _ => "`created_at` less `total_duration` to `created_at`, loading included",
    };
    sheet.add(line, run, Load::default(), when, said)
}

//! What clients of a server have in common: requests that were answered or not, the tokens of a window, the load, and checks of each
//! against the others.

use super::{
    figures::{Figures, distribution, short},
    load::Load,
    sheet::{Run, Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    json::Value,
    source::Source,
    zone::{DateOrder, Stamp, stamp},
};
use std::path::{Path, PathBuf};

/// Share by which two statements of one number may differ: rates are rounded.
const TOLERANCE: f64 = 0.01;
/// Share by which tokens that the client made of a text may differ from the server's before it is a fault of the run.
const RETOKENISED: f64 = 0.1;

/// Mean lengths of answers spread around what was asked for.
const SHORTER: f64 = 0.95;
/// Tokens that a server's template adds to a prompt, several times over the longest.
const TEMPLATE: f64 = 1000.0;

/// One level of load against a server.
#[derive(Debug, Default)]
pub struct Serving {
    /// The scenario, by its parts.
    pub load: Vec<String>,
    pub completed: f64,
    pub failed: Option<f64>,
    /// Output tokens of the requests that completed.
    pub tokens: f64,
    pub tokens_from: String,
    pub prompt: Option<f64>,
    pub seconds: f64,
    /// Why it is degraded, beside requests that failed.
    pub faults: Vec<String>,
    /// What else tells the load from others.
    pub settings: Load,
    /// What else the file says of the window, to be compared.
    pub figures: Figures,
    /// Everything else.
    pub run: Run,
}

impl Serving {
    /// The mean of a time if its distribution leaves room for it, else why it is left out.
    pub fn check_mean(&mut self, name: &str, mean: Option<f64>, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        let doubt = distribution(name, mean, of);
        let mean = mean.filter(|_| doubt.is_none());
        self.faults.extend(doubt.map(|doubt| doubt + ": left out"));
        mean
    }

    /// Puts it down as one run whose batch is the requests that completed.
    pub fn put(self, line: u64, when: When, said: &str, sheet: &mut Sheet) -> Result<()> {
        let failed = self.failed.unwrap_or(0.0);
        let all = self.completed + failed;
        if all == 0.0 {
            let remedy = "give the result of a benchmark that sent requests";
            return Err(Fault::new("no request was sent", "0 completed, 0 failed", remedy).at(line));
        }
        let base = generate(self.load.join(", "));
        let mut run = Run {
            mode: base.mode,
            kv_cache: true,
            scenario: base.scenario,
            iterations: Some(1),
            role: Some("all".into()),
            batch: count(self.completed).unwrap_or(0),
            requests_completed: count(self.completed),
            requests_failed: self.failed.and_then(count),
            tokens_generated: count(self.tokens),
            tokens_from: Some(self.tokens_from),
            latency_ms: Some(self.seconds * 1e3),
            ..self.run
        };
        set_prompt(&mut run, self.prompt);
        let figures = Figures {
            duration_s: Some(self.seconds),
            completed: Some(self.completed),
            failed: self.failed,
            input_tokens: self.prompt,
            output_tokens: Some(self.tokens),
            ttft_ms: run.ttft_ms,
            tpot_ms: run.tpot_ms,
            max_concurrency: run.concurrency.map(|n| n as f64),
            is_closed: run.arrival.as_deref() == Some("closed"),
            ..self.figures
        };
        let mut reasons = self.faults;
        if self.completed > 0.0 {
            reasons.extend(figures.check(line)?);
        }
        if failed >= 1.0 {
            let what = format!(
                "{} of {all} requests succeeded, {failed} failed or were cancelled: their tokens are not counted, \
                 their time and energy are",
                self.completed
            );
            reasons.insert(0, what);
        }
        if self.completed == 0.0 || self.tokens < 0.5 {
            run.status = "failed".into();
            reasons = vec![format!("no token was generated: {} of {all} requests completed", self.completed)];
        }
        run.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        compare_asked(line, &run, sheet);
        sheet.add(line, run, self.settings, when, said)
    }

    /// The prompts as the server counted them, with its template, against the texts that the client sent.
    pub fn compare_prompts(&mut self, of_server: f64, of_client: f64) {
        let most = 2.0 * of_client + TEMPLATE * self.completed;
        if of_client > 0.0 && (of_server > most || of_server < of_client / 2.0) {
            let (server, client) = (short(of_server), short(of_client));
            self.faults.push(format!("the server counted {server} prompt tokens, the client {client} of the texts"));
        }
    }

    /// Compares the tokens that the server counted with those that the client made of the texts.
    pub fn compare_retokenised(&mut self, line: u64, retokenised: Option<f64>, sheet: &mut Sheet) {
        let Some(other) = retokenised.filter(|n| *n > 0.0 && self.tokens > 0.0) else { return };
        let share = (other - self.tokens).abs() / self.tokens;
        let what = format!("the server counted {} output tokens, the client made {other} of the texts", self.tokens);
        if share > RETOKENISED {
            self.faults.push(what);
        } else if share > TOLERANCE {
            sheet.notes.line(line, &format!("{what}: the server's are taken"));
        }
    }
}

/// Says that answers were shorter than asked for.
pub fn compare_asked(line: u64, run: &Run, sheet: &mut Sheet) {
    let mean = run.tokens_generated.filter(|_| run.batch > 0).map(|n| n as f64 / run.batch as f64);
    if let (Some(asked), Some(mean)) = (run.new_tokens_asked, mean)
        && mean < (asked as f64 - 0.5).min(SHORTER * asked as f64)
    {
        let what = format!("the mean output is {mean:.0} of {asked} tokens that were asked for");
        sheet.notes.line(line, &format!("{what}: the tokens that came are counted"));
    }
}

/// The value at a path of names with points between them.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// A number at a path, if there is one; one below 0, or something that is no number, is refused.
pub fn amount(line: u64, value: &Value, path: &str) -> Result<Option<f64>> {
    let found = match at(value, path) {
        None | Some(Value::Null) => return Ok(None),
        Some(found) => found,
    };
    let wrong = || {
        let shown = found.shown().unwrap_or_else(|| "no number".into());
        let what = format!("`{path}` is not a number of at least 0");
        Fault::new(what, quoted(&shown), "give the file as the client wrote it").at(line)
    };
    found.as_f64().filter(|n| *n >= 0.0 && *n < 9e15).map(Some).ok_or_else(wrong)
}

/// A number at a path that must be there.
pub fn must(line: u64, value: &Value, path: &str) -> Result<f64> {
    let missing = || {
        let known = value.keys().take(12).collect::<Vec<_>>().join(", ");
        Fault::new(format!("`{path}` is missing"), quoted(&known), "give the whole file as the client wrote it")
            .at(line)
    };
    amount(line, value, path)?.ok_or_else(missing)
}

/// A number of requests at a path that must be there.
pub fn whole(line: u64, value: &Value, path: &str) -> Result<f64> {
    let number = must(line, value, path)?;
    if number.fract() == 0.0 {
        return Ok(number);
    }
    let what = format!("`{path}` is not a whole number");
    Err(Fault::new(what, quoted(&number.to_string()), "give the file as the client wrote it").at(line))
}

/// Refuses two statements of one number that differ; `slack` is what rounding may make.
pub fn agree(line: u64, (name, stated): (&str, Option<f64>), (how, counted): (&str, f64), slack: f64) -> Result<()> {
    let Some(stated) = stated else { return Ok(()) };
    if (stated - counted).abs() <= TOLERANCE * stated.abs().max(counted.abs()) + slack {
        return Ok(());
    }
    let value = format!("{name} {}, {how} {}", shown(stated), shown(counted));
    Err(Fault::new("two numbers that contradict each other", value, "give the file as the client wrote it").at(line))
}

fn shown(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The other files of a kind in the folder of this one.
pub fn beside(source: Source, sheet: &mut Sheet, is_one: fn(&str) -> bool) -> Vec<PathBuf> {
    let all = sheet.neighbours.of(source.path, &sheet.options.files.paths, is_one);
    all.iter().filter(|path| *path != source.path).cloned().collect()
}

/// The text of another file.
pub fn text_of(path: &Path) -> Result<String> {
    Source::file(path).text().map_err(|fault| fault.of(path))
}

/// Every object of a text, with its line.
pub fn objects(text: &str, sheet: &mut Sheet) -> Result<Vec<(u64, Value)>> {
    let mut found = Vec::new();
    crate::read::json::entries(text, &mut sheet.notes, &mut |line, value, _| {
        found.push((line, value));
        Ok(())
    })?;
    Ok(found)
}

/// An object that must be whole: a benchmark whose file was cut has levels that nobody sees.
pub fn refuse_cut(sheet: &Sheet) -> Result<()> {
    match sheet.notes.texts().into_iter().find(|note| note.contains("the file ends inside an entry")) {
        Some(note) => {
            Err(Fault::new("a file that is cut", quoted(&note), "give the whole file as the client wrote it"))
        }
        None => Ok(()),
    }
}

/// A date and time in ISO 8601.
pub fn time(line: u64, name: &str, text: &str) -> Result<Stamp> {
    let fault =
        || Fault::new(format!("`{name}` is no time"), quoted(text), "expected 2026-05-14T09:00:00Z, correct it");
    stamp(text, DateOrder::Unknown).map_err(|_| fault().at(line))
}

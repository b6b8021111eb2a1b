//! llama.cpp's `llama-bench`, in all five of its outputs.
//!
//! Fields: tools/llama-bench/llama-bench.cpp of llama.cpp. `samples_ns` (JSON) holds one time a repetition; CSV and SQL have their mean
//! alone, Markdown the rounded mean rate. Prompts filled in before the timing (`n_depth`) are neither in `n_prompt` nor in a time.

mod compare;
mod markdown;
mod sql;

use super::{
    figures,
    load::Load,
    sheet::{Sheet, count, generate, prefill, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value},
    sheet::{Row, Sheet as Table},
    source::Source,
    zone::{DateOrder, stamp},
};
use std::collections::BTreeMap;

pub const FORMAT: Format<Sheet> = Format {
    name: "llama-bench",
    about: "llama.cpp's llama-bench: Markdown, JSON, JSONL, CSV and SQL",
    recognises,
    read,
};

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    let json = has("\"n_gen\"") && has("\"n_prompt\"") && (has("\"avg_ns\"") || has("\"model_filename\""));
    json || has("build_commit") && has("n_gen") && has("avg_n") || markdown::is_header_in(head)
}

/// One test, whatever it was written in.
#[derive(Debug, Default)]
pub struct Test {
    line: u64,
    prompt: i64,
    generated: i64,
    depth: i64,
    /// Times of the repetitions, ms; a mean alone is one.
    ms: Vec<f64>,
    /// Tokens a second and mean time that the output states beside them.
    rate: Option<f64>,
    /// Deviation of that rate.
    deviation: Option<f64>,
    mean_ms: Option<f64>,
    /// How they are known.
    said: &'static str,
    /// UTC start of the test, its warm-up included.
    began: Option<String>,
    model: String,
    dtype: String,
    cpu: Option<String>,
    device: String,
    threads: Option<i64>,
    weights_bytes: Option<i64>,
    library: Option<String>,
    /// Everything else that was set, by name.
    settings: BTreeMap<String, String>,
}

/// Fields that say what was measured or on what, and so tell no two tests apart.
const NOT_SETTINGS: &[&str] = &[
    "gpu_info",
    "model_filename",
    "n_prompt",
    "n_gen",
    "n_depth",
    "test_time",
    "avg_ns",
    "stddev_ns",
    "avg_ts",
    "stddev_ts",
    "samples_ns",
    "samples_ts",
];

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    // First, as a table for people may stand between the lines of JSON (`-oe md`).
    let tests = if text.contains("\"n_prompt\":") {
        of_json(text, sheet)?
    } else if text.contains("INSERT INTO") {
        sql::rows(text)?.iter().map(of_row).collect::<Result<_>>()?
    } else if markdown::is_header_in(text) {
        markdown::tests(text, source.decimal, sheet)?
    } else if text.contains("build_commit") && !text.contains("\"build_commit\":") {
        let header = |names: &[String]| names.iter().any(|n| n == "build_commit");
        Table::rows(source, &header)?.iter().map(of_row).collect::<Result<_>>()?
    } else {
        of_json(text, sheet)?
    };
    let doubts = compare::compare_tests(&tests)?;
    tests.into_iter().zip(doubts).try_for_each(|(test, doubts)| test.runs(doubts, sheet))
}

impl Test {
    fn scenario(&self) -> String {
        let mut parts = Vec::new();
        parts.extend((self.prompt > 0).then(|| format!("pp{}", self.prompt)));
        parts.extend((self.generated > 0).then(|| format!("tg{}", self.generated)));
        let mut name = parts.join("+");
        if self.depth > 0 {
            name += &format!(" @ d{}", self.depth);
        }
        name
    }

    /// One run a repetition. They follow each other after the warm-up, whose length is not told.
    fn runs(self, doubts: Vec<String>, sheet: &mut Sheet) -> Result<()> {
        let line = self.line;
        let fault =
            |what: &str, value: String| Fault::new(what, value, "give the whole result of llama-bench").at(line);
        if self.prompt == 0 && self.generated == 0 {
            return Err(fault("a test of no tokens", "n_prompt = 0, n_gen = 0".into()));
        }
        if let Some(name) = &self.cpu {
            sheet.cpu(line, name, self.device == "cpu")?;
        }
        let began = match &self.began {
            Some(text) => {
                Some(stamp(text, DateOrder::Unknown).map_err(|_| fault("`test_time` is no time", quoted(text)))?)
            }
            None => None,
        };
        let (scenario, mut after_ms) = (self.scenario(), 0.0);
        let load = Load { settings: self.settings.clone(), ..Load::default() };
        for (part, ms) in self.ms.iter().enumerate() {
            let mut run = if self.generated == 0 { prefill(scenario.clone()) } else { generate(scenario.clone()) };
            set_prompt(&mut run, Some(self.prompt as f64));
            if self.generated > 0 {
                run.new_tokens_asked = Some(self.generated);
                run.tokens_generated = Some(self.generated);
                run.tokens_from = Some("n_gen: as many as were asked for, every time".into());
            }
            run.latency_ms = Some(*ms);
            run.reason = figures::join(None, doubts.clone());
            (run.model, run.dtype, run.device) = (self.model.clone(), self.dtype.clone(), self.device.clone());
            (run.threads, run.weights_bytes, run.library) = (self.threads, self.weights_bytes, self.library.clone());
            let when = began.map_or(When::Unknown, |at| When::Began(later(at, after_ms)));
            sheet.add(line, run, Load { part, ..load.clone() }, when, self.said)?;
            after_ms += ms;
        }
        Ok(())
    }
}

fn later(at: crate::read::zone::Stamp, ms: f64) -> crate::read::zone::Stamp {
    use crate::read::zone::Stamp;
    let ns = (ms * 1e6) as i64;
    match at {
        Stamp::Utc(t) => Stamp::Utc(t.saturating_add(ns)),
        Stamp::Wall(t) => Stamp::Wall(t.saturating_add(ns)),
    }
}

/// `llama 8B Q4_K - Medium` ends with how its weights are stored.
fn dtype(model_type: &str) -> String {
    let sized = |word: &str| word.ends_with(['B', 'M', 'K']) && word.starts_with(|c: char| c.is_ascii_digit());
    let after = model_type.split_whitespace().skip_while(|w| !sized(w)).skip(1).collect::<Vec<_>>().join(" ");
    after.trim_start_matches("mostly ").to_string()
}

/// The back ends by their names, or by a column each as before 2024; "?" where nothing names them.
fn backends(named: Option<&str>, flag: &dyn Fn(&str) -> Option<bool>) -> String {
    let gpus = ["cuda", "metal", "vulkan", "opencl", "sycl", "kompute", "gpu_blas"].map(flag);
    match named {
        Some(named) => named.to_string(),
        None if gpus.contains(&Some(true)) => "GPU".into(),
        None if gpus.iter().any(Option::is_some) => "CPU".into(),
        None => "?".into(),
    }
}

/// What the weights lay on: the GPU if a layer did, by the back end and the number of layers that were offloaded.
fn device(line: u64, backends: &str, layers: Option<f64>, gpu: Option<&str>) -> Result<String> {
    let none = ["CPU", "BLAS", "OpenBLAS", "Accelerate", "RPC", ""];
    let on_cpu = backends.split([',', '+']).all(|b| none.contains(&b.trim()));
    if on_cpu || layers == Some(0.0) {
        return Ok("cpu".into());
    }
    let is_processor = |name: &str| {
        let has = |word: &str| name.split([' ', '(']).any(|of| of.ends_with(word));
        (has("CPU") || has("-Core") || has("Processor")) && !name.contains("Radeon") && !name.contains("Graphics")
    };
    match gpu.filter(|name| is_processor(name)) {
        Some(name) => {
            let remedy = "give the whole result of llama-bench, or name the GPU with --device";
            Err(Fault::new("a processor as `gpu_info`", quoted(name), remedy).at(line))
        }
        None => Ok(gpu.filter(|_| backends != "?").unwrap_or("unknown").into()),
    }
}

/// A number of tokens or bytes.
fn as_count(line: u64, name: &str, number: f64) -> Result<i64> {
    let fault = || {
        let remedy = "give the whole result of llama-bench";
        Fault::new(format!("`{name}` is no count"), number, remedy).at(line)
    };
    count(number).filter(|n| *n as f64 == number).ok_or_else(fault)
}

/// A row of CSV or SQL. Before 2024 the back ends were columns of their own.
fn of_row(row: &Row) -> Result<Test> {
    let whole = |name: &str| match row.number(name)? {
        None => Ok(None),
        Some(n) => as_count(row.line, name, n).map(Some),
    };
    let flag = |name: &str| row.of(name).map(|value| matches!(value, "1" | "true"));
    let build = [row.of("build_commit"), row.of("build_number")];
    let settings = row.names().filter(|n| !NOT_SETTINGS.contains(n) && !n.is_empty());
    let settings = settings.filter_map(|n| Some((n.to_string(), row.of(n)?.to_string()))).collect();
    Ok(Test {
        line: row.line,
        prompt: as_count(row.line, "n_prompt", row.must("n_prompt")?)?,
        generated: as_count(row.line, "n_gen", row.must("n_gen")?)?,
        depth: whole("n_depth")?.unwrap_or(0),
        ms: vec![row.must("avg_ns")? / 1e6],
        rate: row.number("avg_ts")?,
        deviation: row.number("stddev_ts")?,
        mean_ms: None,
        said: "`avg_ns`, the mean of repetitions that this output does not list",
        began: row.of("test_time").map(str::to_string),
        model: model(row.of("model_filename"), row.of("model_type")),
        dtype: dtype(row.of("model_type").unwrap_or("")),
        cpu: row.of("cpu_info").map(str::to_string),
        device: device(
            row.line,
            &backends(row.of("backends").or(row.of("backend")), &flag),
            row.number("n_gpu_layers")?,
            row.of("gpu_info"),
        )?,
        threads: whole("n_threads")?,
        weights_bytes: whole("model_size")?,
        library: build[0].map(|commit| format!("llama.cpp {commit} ({})", build[1].unwrap_or("?"))),
        settings,
    })
}

/// The file's name without folders and ending, which tells quantisations apart, else the kind of model.
fn model(file: Option<&str>, kind: Option<&str>) -> String {
    let stem = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).trim_end_matches(".gguf").to_string();
    file.map(stem).or(kind.map(str::to_string)).unwrap_or_default()
}

fn of_json(text: &str, sheet: &mut Sheet) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, entry, _| {
        tests.push(of_entry(line, &entry)?);
        Ok(())
    })?;
    Ok(tests)
}

fn of_entry(line: u64, entry: &Value) -> Result<Test> {
    let must = |key: &str| {
        let missing = || {
            Fault::new(
                format!("`{key}` is missing or no number"),
                shown(entry.get(key)),
                "give the whole result of llama-bench",
            )
        };
        entry.number(key).ok_or_else(|| missing().at(line))
    };
    let optional = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(_) => as_count(line, key, must(key)?).map(Some),
    };
    let flag = |key: &str| match entry.get(key) {
        Some(Value::Bool(is)) => Some(*is),
        _ => None,
    };
    let samples = entry.list("samples_ns").unwrap_or(&[]);
    let ms: Option<Vec<f64>> = samples.iter().map(|s| s.as_f64().map(|ns| ns / 1e6)).collect();
    let (ms, said) = match ms.filter(|ms| !ms.is_empty()) {
        Some(ms) => (ms, "`samples_ns`, one a repetition"),
        None => (vec![must("avg_ns")? / 1e6], "`avg_ns`, the mean of repetitions that are not listed"),
    };
    let text = |key: &str| entry.text(key).map(str::to_string);
    let settings = entry.keys().filter(|k| !NOT_SETTINGS.contains(k));
    let build = entry.get("build_number").and_then(Value::shown);
    Ok(Test {
        line,
        prompt: as_count(line, "n_prompt", must("n_prompt")?)?,
        generated: as_count(line, "n_gen", must("n_gen")?)?,
        depth: optional("n_depth")?.unwrap_or(0),
        ms,
        rate: entry.number("avg_ts"),
        deviation: entry.number("stddev_ts"),
        mean_ms: entry.number("avg_ns").map(|ns| ns / 1e6).filter(|ms| *ms > 0.0),
        said,
        began: text("test_time"),
        model: model(entry.text("model_filename"), entry.text("model_type")),
        dtype: dtype(entry.text("model_type").unwrap_or("")),
        cpu: text("cpu_info"),
        device: device(
            line,
            &backends(entry.text("backends"), &flag),
            entry.number("n_gpu_layers"),
            entry.text("gpu_info"),
        )?,
        threads: optional("n_threads")?,
        weights_bytes: entry.number("model_size").and_then(count),
        library: text("build_commit").map(|commit| format!("llama.cpp {commit} ({})", build.as_deref().unwrap_or("?"))),
        settings: settings.filter_map(|k| Some((k.to_string(), entry.get(k)?.shown()?))).collect(),
    })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("nothing".into(), |v| v.shown().map_or("no number".into(), |text| quoted(&text)))
}

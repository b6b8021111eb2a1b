//! What readers give and what becomes of it: rows of `run` with their windows and names, and the session that they share.

use super::{
    Options, accelerators,
    load::{self, Load},
    neighbours::Neighbours,
    plausible, price,
    window::{self, When, Window},
};
use crate::read::fault::{Fault, Notes, Result, quoted};
use crate::session::{NO_ZONE_SUFFIX, SESSION};
use anyhow::Context;
use schemas::{
    Provenance, io,
    tables::{POWER_SAMPLE, RUN, SENSOR, session},
};
use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

pub use schemas::tables::run::Row as Run;

/// One sequence that is decoded with its cache, and nothing else known.
pub fn generate(scenario: impl Into<String>) -> Run {
    let (mode, iterations) = ("generate".into(), Some(1));
    Run { mode, kv_cache: true, scenario: scenario.into(), batch: 1, iterations, ..Run::default() }
}

/// One forward pass, and nothing else known.
pub fn prefill(scenario: impl Into<String>) -> Run {
    let (asked, generated) = (Some(0), Some(0));
    let mode = "prefill".into();
    Run { mode, kv_cache: false, new_tokens_asked: asked, tokens_generated: generated, ..generate(scenario) }
}

/// Sets the prompt tokens of an engine that does not pad.
pub fn set_prompt(run: &mut Run, tokens: Option<f64>) {
    run.prompt_tokens = tokens.and_then(count);
    run.prompt_tokens_padded = run.prompt_tokens;
}

/// A number of things that is not negative, as a whole one.
pub fn count(number: f64) -> Option<i64> {
    (0.0..9e15).contains(&number).then_some(number.round() as i64)
}

pub struct Sheet {
    pub options: Options,
    pub notes: Notes,
    /// What is said on stderr, of all files.
    pub remarks: Vec<String>,
    pub runs: Vec<Run>,
    /// Of each run.
    loads: Vec<Load>,
    formats: Vec<&'static str>,
    cpu: Option<String>,
    /// Processors that the results name, where they ran nothing themselves.
    cpus: Vec<String>,
    /// Whether a run was on the processor.
    is_on_cpu: bool,
    file: PathBuf,
    format: &'static str,
    /// Rows of the files before.
    before: usize,
    /// What the file adds to another one's runs.
    companion: Option<String>,
    /// Of each run, a hash of all that is read of it.
    known: HashSet<u64>,
    /// The other files of the import, for readers of results that are in several.
    pub neighbours: Neighbours,
}

impl Sheet {
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let positive = |value: Option<f64>| value.is_none_or(|v| v.is_finite() && v > 0.0);
        if !positive(options.usd_per_hour) {
            anyhow::bail!("--usd-per-hour: not a price, {}, give USD above 0", options.usd_per_hour.unwrap_or(0.0));
        }
        if !positive(options.tokens_per_response) {
            let tokens = options.tokens_per_response.unwrap_or(0.0);
            anyhow::bail!("--tokens-per-response: not a number of tokens, {tokens}, give a number above 0");
        }
        let (notes, remarks, runs) = (Notes::default(), Vec::new(), Vec::new());
        let (loads, formats, cpus) = (Vec::new(), Vec::new(), Vec::new());
        let (cpu, file) = (options.cpu.clone(), PathBuf::new());
        let options = options.clone();
        Ok(Sheet {
            options,
            notes,
            remarks,
            runs,
            loads,
            formats,
            cpu,
            cpus,
            is_on_cpu: false,
            file,
            format: "",
            before: 0,
            companion: None,
            known: HashSet::new(),
            neighbours: Neighbours::default(),
        })
    }

    pub fn begin(&mut self, file: &Path, format: &'static str) {
        (self.file, self.format, self.before) = (file.to_path_buf(), format, self.runs.len());
        self.notes = Notes::default();
        self.companion = None;
    }

    /// The file has no run of its own: what it has is read with another file of the import.
    pub fn accompany(&mut self, what: impl Into<String>) {
        self.companion = Some(what.into());
    }

    /// The processor that a result names, and whether it ran there. What ran on processors must be of one machine: a session has one.
    pub fn cpu(&mut self, line: u64, name: &str, is_on_cpu: bool) -> Result<()> {
        self.is_on_cpu |= is_on_cpu;
        if self.cpus.iter().all(|known| known != name) {
            self.cpus.push(name.to_string());
        }
        if self.options.cpu.is_some() {
            return Ok(());
        }
        if self.is_on_cpu && self.cpus.len() > 1 {
            let other = self.cpus.iter().rfind(|known| *known != name).cloned().unwrap_or_default();
            let remedy = "import each machine into its own folder, or name one with --cpu";
            let value = format!("{} after {}", quoted(name), quoted(&other));
            return Err(Fault::new("results of two machines", value, remedy).at(line));
        }
        self.cpu = match self.cpus.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        if self.cpus.len() > 1 {
            self.notes.say("results of several machines: their GPUs are kept apart, and no processor is named");
        }
        Ok(())
    }

    /// Takes a run that lasted `latency_ms x iterations`; `said` is how its window, or its length, is known, and `load`
    /// what else tells it from others.
    pub fn add(&mut self, line: u64, run: Run, mut load: Load, when: When, said: &str) -> Result<()> {
        let length_ms = run.latency_ms.unwrap_or(0.0) * run.iterations.unwrap_or(0) as f64;
        if run.status != "failed" && !(length_ms > 0.0 && length_ms < plausible::LONGEST_MS) {
            let value = format!("{} ms", run.latency_ms.unwrap_or(f64::NAN));
            let what = if length_ms > 0.0 { "a run of more than 30 days" } else { "a run without a length" };
            return Err(Fault::new(what, value, "give the result of a run that finished").at(line));
        }
        let when = if run.status == "failed" { When::Unknown } else { when };
        let timed = window::timed(&self.options, line, when, (length_ms * 1e6).round() as i64, said)?;
        let o = &self.options;
        let or = |given: &Option<String>, found: String, else_: &str| match given {
            Some(given) => given.clone(),
            None if found.trim().is_empty() => else_.to_string(),
            None => found.trim().to_string(),
        };
        let zone = if timed.zoneless { NO_ZONE_SUFFIX } else { "" };
        load.counts.extend(run.accelerators.map(|n| ("accelerators".to_string(), n)));
        let device = or(&o.device, run.device, "unknown");
        let backend = or(&o.backend, run.backend, self.format);
        let (dtype, model) = (or(&o.dtype, run.dtype, "unknown"), or(&o.model, run.model, "unknown"));
        let (accelerators, device) = accelerators::resolve(line, o.accelerators, &load.counts, &device)?;
        for (name, value) in load.unread.iter().filter(|_| device != "cpu") {
            let what = format!("`{name}` is no number of accelerators, {}, left out", quoted(value));
            self.notes.line(line, &what);
        }
        if let Some(n) = accelerators.filter(|n| *n > 1 && device == "unknown") {
            self.notes.say(format!("{n} accelerators ran, and no name says which: give --device"));
        }
        let mut run = Run { accelerators, device, backend, dtype, model, ..run };
        plausible::check(line, &mut run, length_ms, &mut self.notes)?;
        if !self.remember(&run, &load, when) {
            self.notes.line(line, "a run that repeats another in all that is read of it, counted once");
            self.companion.get_or_insert_with(|| "all of its runs are in another file of the import".into());
            return Ok(());
        }
        self.loads.push(load);
        self.formats.push(self.format);
        self.runs.push(Run {
            session_id: SESSION.into(),
            status: match (run.status.as_str(), &run.reason) {
                ("", None) => "ok".into(),
                ("", Some(_)) => "degraded".into(),
                (status, _) => status.into(),
            },
            weights: "real".into(),
            start_ns: timed.span.map(|s| s.0),
            end_ns: timed.span.map(|s| s.1),
            window_from: Some(timed.from),
            latency_ms: run.latency_ms.filter(|ms| ms.is_finite() && *ms >= 0.0),
            imported_from: Some(format!("{}{zone}", self.format)),
            ..run
        });
        Ok(())
    }

    /// Keeps what is read of a run in mind; whether no run before it had the same figures, times and settings.
    fn remember(&mut self, run: &Run, load: &Load, when: When) -> bool {
        let mut hasher = DefaultHasher::new();
        format!("{run:?} {:?} {when:?} {}", load.settings, load.part).hash(&mut hasher);
        self.known.insert(hasher.finish())
    }

    /// Closes a file: it must have given a run. Its remarks are kept, and what is wrong with its runs is said.
    pub fn end(&mut self, text: &str) -> Result<()> {
        let new = &self.runs[self.before..];
        if let (true, Some(what)) = (new.is_empty(), self.companion.take()) {
            self.notes.say(what);
        } else if new.is_empty() {
            let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
            let remedy = format!("give results of {}, or name another format with --format", self.format);
            return Err(Fault::new("no run in it", quoted(first), remedy).at(1));
        }
        for run in new.iter().filter(|r| r.status != "ok") {
            self.notes.say(format!("{}: {}", run.status, run.reason.as_deref().unwrap_or("no reason")));
        }
        if new.iter().any(|r| r.imported_from.as_ref().is_some_and(|from| from.ends_with(NO_ZONE_SUFFIX))) {
            self.notes.say("times without a zone, taken for UTC: say the zone with --tz");
        }
        let without = new.iter().filter(|r| r.start_ns.is_none() && r.status != "failed").count();
        if without > 0 {
            let known = new
                .iter()
                .filter(|r| r.reported_gpu_j.or(r.reported_node_j).or(r.reported_cpu_package_j).is_some())
                .count();
            let energy =
                if known == 0 { "no power log can be joined to them" } else { "energy only as the results state it" };
            self.notes.say(format!("{without} of {} runs have no clock times: {energy}", new.len()));
        }
        let remarks = self.notes.texts().into_iter().map(|note| format!("{}: {note}", self.file.display()));
        self.remarks.extend(remarks);
        Ok(())
    }

    /// Says that runs share time: a log's energy then counts for each of them. A report and its requests are one benchmark twice.
    fn overlaps(&mut self) {
        let mut spans: Vec<(i64, i64)> = self.runs.iter().filter_map(|r| r.start_ns.zip(r.end_ns)).collect();
        spans.sort_unstable();
        let mut latest = i64::MIN;
        let mut shared = 0;
        for (start, end) in spans {
            shared += u64::from(start < latest);
            latest = latest.max(end);
        }
        if shared > 0 {
            let what = format!("{shared} runs begin before another has ended: each is given all energy of its window");
            self.remarks.push(format!("{}: {what}, import a benchmark once", self.options.files.into.display()));
        }
    }

    /// Numbers repetitions and names runs, after the last file.
    pub fn finish(&mut self) -> Result<()> {
        if matches!(self.options.window, Window::Given(..)) && self.runs.len() > 1 {
            let remedy = "import each run by itself, or leave --window to what the results say";
            return Err(
                Fault::new("one window for several runs", format!("{} runs", self.runs.len()), remedy).of(&self.file)
            );
        }
        self.overlaps();
        for note in load::name(&mut self.runs, &self.loads, &self.formats) {
            self.remarks.push(format!("{}: {note}", self.options.files.into.display()));
        }
        let mut repetitions: HashMap<String, i64> = HashMap::new();
        let mut names: HashSet<String> = HashSet::new();
        for run in &mut self.runs {
            let next = repetitions.entry(load::key(run)).or_default();
            let Run { model, mode, scenario, .. } = &*run;
            let name = format!("{model}/{mode}/{scenario}/{next}");
            let spare = (2..).map(|n| format!("{name}#{n}"));
            let name = std::iter::once(name.clone()).chain(spare).find(|n| !names.contains(n)).unwrap_or(name);
            names.insert(name.clone());
            (run.run_id, run.repetition) = (name, *next);
            *next += 1;
        }
        if self.options.usd_per_hour.is_some() && self.cpu.is_none() && self.runs.iter().any(|r| r.device == "cpu") {
            let what = "the price of a machine whose processor is not known";
            return Err(Fault::new(what, quoted("cpu"), "name it with --cpu").of(&self.file));
        }
        Ok(())
    }

    /// Writes `session` and `run`, the price, and empty tables of power where there are none yet.
    pub fn write(&self, by: &Provenance) -> anyhow::Result<()> {
        let into = &self.options.files.into;
        let day = price::day(&self.options, &self.runs)?;
        schemas::partial::make(into).with_context(|| format!("{}: cannot be made", into.display()))?;
        let distinct = |of: &dyn Fn(&'_ Run) -> Option<&'_ str>| {
            let mut seen: Vec<&str> = self.runs.iter().filter_map(of).collect();
            seen.sort_unstable();
            seen.dedup();
            (!seen.is_empty()).then(|| seen.into_iter().map(str::to_string).collect())
        };
        let session = session::Row {
            session_id: SESSION.into(),
            source: "imported".into(),
            started_ns: self.runs.iter().filter_map(|r| r.start_ns).min(),
            ended_ns: self.runs.iter().filter_map(|r| r.end_ns).max(),
            cpu: self.cpu.clone(),
            gpu_names: distinct(&|r| Some(r.device.as_str()).filter(|d| !["cpu", "unknown"].contains(d))),
            engines: distinct(&|r| r.library.as_deref()),
            ..Default::default()
        };
        io::write_rows(&into.join("session.parquet"), &schemas::tables::SESSION, &[session], by)?;
        io::write_rows(&into.join("run.parquet"), &RUN, &self.runs, by)?;
        for contract in [&POWER_SAMPLE, &SENSOR] {
            let path = into.join(format!("{}.parquet", contract.name));
            if !path.exists() {
                io::write_rows::<Run>(&path, contract, &[], by)?;
            }
        }
        price::write(&self.options, &self.runs, self.cpu.as_deref(), &day)
    }

    /// What was imported, for people.
    pub fn said(&self) -> String {
        let cells: HashSet<_> =
            self.runs.iter().map(|r| (&r.backend, &r.device, &r.model, &r.mode, &r.scenario)).collect();
        let timed = self.runs.iter().filter(|r| r.start_ns.is_some()).count();
        format!(
            "{} runs of {} tests, {timed} with clock times, in {}\n",
            self.runs.len(),
            cells.len(),
            self.options.files.into.display()
        )
    }
}

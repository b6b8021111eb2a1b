//! `collect run`: the matrix, run by run.

use crate::{
    backends::{self, Load},
    client::Client,
    clock::{Anchor, monotonic_ns},
    config::{Config, Logits, Mode, OnUnavailable},
    host::{CpuTicks, Host, process_ticks},
    journal::Journal,
    models::{batch::Batch, onnx, source, tokenizer},
    parity,
    plan::{Planned, plan, plan_id},
    power::sampler::Sampler,
    progress::Progress,
    protocol::{Answer, Request, RunAnswer, RunRequest},
    record::{Run, Session},
};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::Duration,
};

/// Where things are; the Makefile says.
pub struct Paths {
    pub site_packages: PathBuf,
    pub onnxruntime: Option<PathBuf>,
    pub cache: PathBuf,
    pub journal: PathBuf,
}

/// Prompts of the scenarios; row `i` of every batch is line `i`, cut or padded to the scenario's length.
const PROMPTS: &str = include_str!("prompts.txt");

pub struct Measuring<'a> {
    config: &'a Config,
    load: Load,
    prompts: Vec<Vec<u32>>,
    anchor: Anchor,
    session: Session,
    journal: Journal,
}

/// Makes the runs that the journal does not have yet and returns the journal.
pub fn measure(config: &Config, paths: &Paths) -> Result<Journal> {
    let gguf = source::find(&config.model, &paths.site_packages)?;
    let host = Host::read();
    let config_json = schemas::config::as_json(config);
    let journal = Journal::open(&paths.journal.join(plan_id(&config_json, &host.name, &host.cpu)))?;
    let done: HashSet<String> =
        journal.read_runs()?.iter().filter_map(|r| r.get("run_id")?.as_str().map(str::to_string)).collect();
    let todo: Vec<Planned> = plan(config).into_iter().filter(|r| !done.contains(&r.run_id)).collect();
    if todo.is_empty() {
        eprintln!("collect: all {} runs were measured before", done.len());
        return Ok(journal);
    }
    if !done.is_empty() {
        eprintln!("collect: {} runs were measured before, {} to go", done.len(), todo.len());
    }
    let load = load_options(config, paths, gguf)?;
    let tokenizer = tokenizer::load(&load.gguf)?;
    let prompts = PROMPTS.lines().map(|line| tokenizer::encode(&tokenizer, line)).collect::<Result<Vec<_>>>()?;
    let anchor = Anchor::now();
    let session = Session::new(config, &config_json, &host, anchor);
    let mut measuring = Measuring { config, load, prompts, anchor, session, journal };
    let unavailable = measuring.gate(paths)?;
    measuring.run_all(&todo, &unavailable)?;
    Ok(measuring.journal)
}

fn load_options(config: &Config, paths: &Paths, gguf: PathBuf) -> Result<Load> {
    let asked = config.backends.iter().map(|name| backends::find(name)).collect::<Result<Vec<_>>>()?;
    let (mut onnx, mut onnxruntime) = (None, None);
    if asked.iter().any(|b| b.needs_onnx) {
        onnx = Some(onnx::cached(&gguf, &config.model.sha256, &paths.cache)?);
        onnxruntime = match &paths.onnxruntime {
            Some(path) => Some(path.clone()),
            None => {
                source::find_onnxruntime(&paths.site_packages).map(Some).or_else(|e| match config.on_unavailable {
                    OnUnavailable::Refuse => Err(e),
                    OnUnavailable::Skip => Ok(None),
                })?
            }
        };
    }
    Ok(Load { gguf, onnx, onnxruntime, threads: config.threads })
}

impl Measuring<'_> {
    fn load_timeout(&self) -> Duration {
        Duration::from_secs(self.config.load_timeout_s)
    }

    fn run_timeout(&self) -> Duration {
        Duration::from_secs(self.config.run_timeout_s)
    }

    /// Loads every backend once and compares what it computes with the first. Backends that cannot run are refused, or
    /// returned with their reason if the configuration says so.
    fn gate(&mut self, paths: &Paths) -> Result<HashMap<String, String>> {
        let mut unavailable = HashMap::new();
        let mut reference: Option<parity::Computed> = None;
        let longest = self.prompts.iter().take(2).map(Vec::len).max().unwrap_or(1);
        let batch = Batch::new(&self.prompts[..2], longest);
        for backend in &self.config.backends {
            let mut client = match Client::start(backend, &self.load, self.load_timeout()) {
                Ok(client) => client,
                Err(e) if self.config.on_unavailable == OnUnavailable::Skip => {
                    unavailable.insert(backend.clone(), format!("{e:#}"));
                    continue;
                }
                Err(e) => return Err(e.context(format!("{backend}: cannot run here"))),
            };
            let parity = &self.config.parity;
            let computed = parity::compute(&mut client, backend, &batch, parity, &paths.cache, self.run_timeout())?;
            let library = client.attestation.library.clone();
            client.finish();
            self.session.engines.push(library);
            match &reference {
                None => reference = Some(computed),
                Some(first) => {
                    let largest = parity::compare(first, &computed, parity)?;
                    eprintln!(
                        "collect: {backend} agrees with {}: logits within {largest:.1e}, {} greedy tokens the same",
                        self.config.backends[0], parity.greedy_tokens
                    );
                }
            }
        }
        match reference {
            Some(_) => Ok(unavailable),
            None => bail!("no backend can run here, {unavailable:?}, see `collect backends`"),
        }
    }

    fn run_all(&mut self, todo: &[Planned], unavailable: &HashMap<String, String>) -> Result<()> {
        let session_id = self.session.session_id.clone();
        let samples = self.journal.samples();
        let sampler = Sampler::start(&self.config.power, &session_id, self.anchor, &samples).map_err(|e| anyhow!(e))?;
        self.session.sensors(&sampler);
        self.journal.session(&self.session)?;
        (self.session.idle_before_start_ns, self.session.idle_before_end_ns) = self.idle(&sampler);
        self.journal.session(&self.session)?;

        let progress = Progress::new(todo.len());
        let mut worker: Option<(String, Client)> = None;
        let mut failures: HashMap<&str, usize> = HashMap::new();
        for planned in todo {
            progress.on(&planned.run_id);
            let failed_before = failures.get(planned.backend.as_str()).copied().unwrap_or(0);
            let run = if let Some(why) = unavailable.get(&planned.backend) {
                self.record(planned).skipped(why)
            } else if failed_before >= self.config.max_failures {
                self.record(planned).failed(&format!("not tried, {failed_before} runs of this backend failed in a row"))
            } else {
                match self.one(planned, &mut worker, &sampler) {
                    Ok(run) => {
                        failures.remove(planned.backend.as_str());
                        run
                    }
                    Err(e) => {
                        worker = None;
                        *failures.entry(&planned.backend).or_default() += 1;
                        self.record(planned).failed(&format!("{e:#}"))
                    }
                }
            };
            self.journal.run(&run)?;
            progress.done(run.reason.as_deref().map(|why| format!("{}: {}: {why}", planned.run_id, run.status)));
        }
        if let Some((_, client)) = worker {
            client.finish();
        }
        (self.session.idle_after_start_ns, self.session.idle_after_end_ns) = self.idle(&sampler);
        let (errors, missed) = sampler.faults();
        sampler.stop();
        progress.finish(errors, missed);
        self.session.ended_ns = Some(self.anchor.utc_now());
        self.journal.session(&self.session)
    }

    /// One run on the backend's worker, which is started if another one's is alive.
    fn one(&self, planned: &Planned, worker: &mut Option<(String, Client)>, sampler: &Sampler) -> Result<Run> {
        if worker.as_ref().is_none_or(|(name, _)| *name != planned.backend) {
            if let Some((_, old)) = worker.take() {
                old.finish();
            }
            *worker =
                Some((planned.backend.clone(), Client::start(&planned.backend, &self.load, self.load_timeout())?));
        }
        let (_, client) = worker.as_mut().context("no worker")?;
        std::thread::sleep(Duration::from_millis(self.config.cooldown_ms));
        let updates_ns = i64::from(self.config.min_updates) * sampler.slowest_period_ns;
        let request = RunRequest {
            mode: planned.mode.mode,
            kv_cache: planned.mode.kv_cache,
            batch: self.batch(planned),
            new_tokens: self.config.new_tokens,
            last_logits: self.config.logits == Logits::Last,
            warmup_iterations: self.config.warmup_iterations,
            min_window_ns: updates_ns.max(self.config.min_window_ms as i64 * 1_000_000),
        };
        let before = CpuUse::read(client.pid());
        let answer = client.ask(&Request::Run(request), self.run_timeout())?;
        let other_cpu_pct = before.other_pct(&CpuUse::read(client.pid()));
        let Answer::Run(answer) = answer else { bail!("worker gave no run") };
        sampler.wait_past(answer.end_ns);
        Ok(self.measured(planned, &answer, client, other_cpu_pct))
    }

    fn measured(&self, planned: &Planned, answer: &RunAnswer, client: &Client, other_cpu_pct: Option<f64>) -> Run {
        let attested = &client.attestation;
        let generating = planned.mode.mode == Mode::Generate;
        Run {
            status: "ok".into(),
            device: attested.device.clone(),
            dtype: attested.dtype.clone(),
            tokens_generated: Some(answer.tokens_generated),
            iterations: Some(answer.iterations),
            start_ns: Some(self.anchor.utc(answer.start_ns)),
            end_ns: Some(self.anchor.utc(answer.end_ns)),
            latency_ms: Some((answer.end_ns - answer.start_ns) as f64 / answer.iterations as f64 / 1e6),
            ttft_ms: Some(answer.ttft_ms),
            token_ms: generating.then(|| answer.token_ms.clone()),
            threads: Some(attested.threads),
            provider: Some(attested.provider.clone()),
            library: Some(attested.library.clone()),
            library_sha256: attested.library_sha256.clone(),
            kv_cache_bytes: answer.cache_bytes,
            warmup_iterations: Some(self.config.warmup_iterations),
            other_cpu_pct,
            ..self.record(planned)
        }
    }

    fn batch(&self, planned: &Planned) -> Batch {
        let rows: Vec<Vec<u32>> = self.prompts.iter().cycle().take(planned.scenario.batch).cloned().collect();
        Batch::new(&rows, planned.scenario.prompt_tokens)
    }

    /// A run's row before it was measured.
    fn record(&self, planned: &Planned) -> Run {
        let batch = self.batch(planned);
        let new_tokens = if planned.mode.mode == Mode::Generate { self.config.new_tokens } else { 0 };
        Run {
            session_id: self.session.session_id.clone(),
            run_id: planned.run_id.clone(),
            backend: planned.backend.clone(),
            device: "cpu".into(),
            dtype: "f32".into(),
            model: self.config.model.name.clone(),
            model_sha256: Some(self.config.model.sha256.clone()),
            weights: "real".into(),
            mode: planned.mode.mode.name().into(),
            kv_cache: planned.mode.kv_cache,
            scenario: planned.scenario.name.clone(),
            batch: planned.scenario.batch,
            prompt_tokens: batch.real_tokens(),
            prompt_tokens_padded: batch.padded_tokens(),
            new_tokens_asked: new_tokens,
            repetition: planned.repetition,
            order: Some(planned.order),
            logits: Some(if self.config.logits == Logits::Last { "last" } else { "all" }.into()),
            ..Run::default()
        }
    }

    /// An idle baseline, bracketed by readings.
    fn idle(&self, sampler: &Sampler) -> (Option<i64>, Option<i64>) {
        if self.config.idle_s == 0.0 || sampler.devices.is_empty() {
            return (None, None);
        }
        sampler.wait_past(monotonic_ns());
        let start = monotonic_ns();
        std::thread::sleep(Duration::from_secs_f64(self.config.idle_s));
        let end = monotonic_ns();
        sampler.wait_past(end);
        (Some(self.anchor.utc(start)), Some(self.anchor.utc(end)))
    }
}

/// Processor time of the host and of our two processes.
struct CpuUse {
    host: Option<CpuTicks>,
    ours: Option<u64>,
}

impl CpuUse {
    fn read(worker: u32) -> Self {
        let ours = process_ticks(worker).zip(process_ticks(std::process::id())).map(|(a, b)| a + b);
        CpuUse { host: CpuTicks::read(), ours }
    }

    /// Share of all processors that other processes used between two readings.
    fn other_pct(&self, later: &Self) -> Option<f64> {
        let (a, b) = (self.host?, later.host?);
        let total = b.total.saturating_sub(a.total);
        let ours = later.ours?.saturating_sub(self.ours?);
        let others = b.busy.saturating_sub(a.busy).saturating_sub(ours);
        (total > 0).then(|| others as f64 / total as f64 * 100.0)
    }
}

/// The tables of a journal, written for the next stage.
pub fn write_tables(journal: &Journal, config: &Config, paths: &[PathBuf]) -> Result<()> {
    let provenance = schemas::Provenance::new("collect", schemas::config::as_json(config));
    for path in paths {
        let contract = schemas::io::contract_of(path)?;
        let rows = match contract.name {
            "session" => journal.read_sessions()?,
            "run" => journal.read_runs()?,
            "power_sample" => journal.read_samples()?,
            other => bail!(
                "{}: `collect` writes no such table, \"{other}\", give session, run or power_sample",
                path.display()
            ),
        };
        schemas::io::write_rows(path, contract, &rows, &provenance)?;
    }
    Ok(())
}

//! `collect run`: the matrix, run by run.

use crate::{
    attest, backends,
    cli::{self, Setup},
    client::Client,
    clock::{self, Anchor, LEAST_STEP_NS},
    config::{Config, Logits, Stop},
    contention::{CpuUse, wait_quiet},
    gate::{Excluded, Gate, Gated},
    host::Host,
    installed::Installed,
    journal::{self, Journal},
    plan::{Planned, plan, plan_id},
    power::sampler::Sampler,
    prepare::Preparer,
    progress::{Progress, said_of_costs},
    prompts::Prompts,
    record::{Run, Session, begin_session, fail, name_sensors, skip},
    window,
};
use anyhow::{Context, Result, bail};
use protocol::{Answer, Mode, Model, Request, RunAnswer, RunRequest, backend::Form, monotonic_ns, peer};
use schemas::tables::RUN;
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Time between states of the sensors in the journal: what a killed session may lose of its counts of errors.
const STATE_EVERY: Duration = Duration::from_secs(10);

struct Measuring<'a> {
    config: &'a Config,
    here: Installed,
    model: Model,
    prompts: Prompts,
    anchor: Anchor,
    session: Session,
    journal: Journal,
    gated: HashMap<String, Gated>,
    /// Shortest window of a run.
    window_ns: i64,
}

/// One run as it was measured.
struct Measured {
    answer: RunAnswer,
    other_cpu_pct: Option<f64>,
    cores_busy: Option<f64>,
    /// How long the machine was suspended in the window.
    slept_ns: i64,
    attempts: usize,
}

/// The journal of a configuration on this processor.
pub fn journal_of(root: &Path, config_json: &serde_json::Value, host: &Host) -> PathBuf {
    let sha256 = schemas::provenance::sha256_bytes(config_json.to_string().as_bytes());
    journal::folder_of(root, &plan_id(config_json, &host.cpu), &sha256, &host.cpu)
}

/// A journal may come from another machine with the same processor, or this one was called otherwise.
fn say_other_host(journal: &Journal, host: &Host) -> Result<()> {
    let sessions = journal.read_sessions()?;
    let Some(before) = sessions.last().and_then(|s| s.get("host")?.as_str()).filter(|name| *name != host.name) else {
        return Ok(());
    };
    eprintln!(
        "collect: {}: measured on host \"{}\" before, this is \"{}\": it goes on here, and `session` says which host measured what",
        journal.folder.display(),
        peer::words(before),
        host.name
    );
    Ok(())
}

/// Makes the runs that the journal does not have yet and returns the journal.
pub fn measure(config: &Config, asked: &cli::Run) -> Result<Journal> {
    let (backends, Setup { here, cache, .. }) = (backends::asked(config)?, &asked.setup);
    let mut preparer = Preparer::default();
    let model = preparer.model(config, here, cache)?;
    let host = Host::read();
    let config_json = schemas::config::as_json(config);
    let journal = Journal::open(&journal_of(&asked.journal, &config_json, &host))?;
    let done: HashSet<String> =
        journal.runs().iter().filter_map(|r| r.get("run_id")?.as_str().map(str::to_string)).collect();
    let todo: Vec<Planned> = plan(config).into_iter().filter(|r| !done.contains(&r.run_id)).collect();
    if todo.is_empty() {
        eprintln!("collect: all {} runs were measured before", done.len());
        return Ok(journal);
    }
    if !done.is_empty() {
        eprintln!("collect: {} runs were measured before, {} to go", done.len(), todo.len());
    }
    journal.refuse_read_only(todo.len())?;
    say_other_host(&journal, &host)?;
    let prompts = Prompts::new(config, &model, &mut preparer)?;
    let anchor = Anchor::now();
    let mut session = begin_session(config, &config_json, &host, anchor);
    std::fs::create_dir_all(cache).with_context(|| format!("{}: cannot create", cache.display()))?;
    let here = here.with_server_of(config);
    let gate = Gate { config, model: &model, here: &here, cache, batch: prompts.parity_batch() };
    let gated = gate.pass(backends, &mut preparer)?;
    preparer.finish();
    session.engines = Some(gated.iter().filter_map(|g| g.attestation.as_ref()).map(|a| a.library.clone()).collect());
    let gated = gated.into_iter().map(|g| (g.backend.name.clone(), g)).collect();
    let window_ns = window::shortest_ns(config, 0);
    let mut measuring = Measuring { config, here, model, prompts, anchor, session, journal, gated, window_ns };
    measuring.run_all(&todo)?;
    Ok(measuring.journal)
}

impl Measuring<'_> {
    fn run_all(&mut self, todo: &[Planned]) -> Result<()> {
        let session_id = self.session.session_id.clone();
        let sampler = Sampler::start(&self.config.power, &session_id, self.anchor, self.journal.samples())?;
        name_sensors(&mut self.session, &sampler);
        self.journal.session(&self.session)?;
        (self.session.idle_before_start_ns, self.session.idle_before_end_ns) = self.idle(&sampler);
        self.journal.session(&self.session)?;
        self.window_ns = window::shortest_ns(self.config, sampler.update_period_ns());
        eprint!("{}", window::said(self.config, self.window_ns, &sampler));
        self.journal.sensors(&sampler.states())?;
        let mut states_written = Instant::now();

        let progress = Progress::new(todo.len());
        let mut worker: Option<(String, Client)> = None;
        let mut failures: HashMap<&str, usize> = HashMap::new();
        let mut said: HashSet<(String, String)> = HashSet::new();
        for planned in todo {
            progress.on(&planned.run_id);
            let failed_before = failures.get(planned.backend.as_str()).copied().unwrap_or(0);
            let run = if let Some(run) = self.without_trying(planned) {
                run
            } else if failed_before >= self.config.max_failures {
                fail(self.record(planned), &format!("not tried, {failed_before} runs of this backend failed in a row"))
            } else {
                match self.one(planned, &mut worker, &sampler) {
                    Ok(run) => {
                        failures.remove(planned.backend.as_str());
                        run
                    }
                    Err(e) => {
                        worker = None;
                        *failures.entry(&planned.backend).or_default() += 1;
                        fail(self.record(planned), &format!("{e:#}"))
                    }
                }
            };
            let run = self.fit_for_the_table(planned, run);
            self.journal.run(&run)?;
            self.watch_clock()?;
            if states_written.elapsed() > STATE_EVERY {
                self.journal.sensors(&sampler.states())?;
                states_written = Instant::now();
            }
            // What holds for a whole backend is said once.
            let news = run.reason.clone().filter(|why| said.insert((planned.backend.clone(), why.clone())));
            progress.done(news.map(|why| format!("{}: {}: {why}", planned.run_id, run.status)));
        }
        if let Some((_, client)) = worker {
            client.finish();
        }
        (self.session.idle_after_start_ns, self.session.idle_after_end_ns) = self.idle(&sampler);
        let (errors, missed) = sampler.faults();
        let costs = sampler.costs_pct();
        let states = sampler.stop().context("samples cannot be written")?;
        self.journal.sensors(&states)?;
        progress.finish(errors, missed);
        if !costs.is_empty() {
            eprintln!("collect: {}", said_of_costs(&costs));
        }
        self.watch_clock()?;
        self.session.ended_ns = Some(self.anchor.utc_now());
        self.journal.session(&self.session)
    }

    /// Keeps how far the wall clock was set since the session began, and says it once.
    fn watch_clock(&mut self) -> Result<()> {
        let step_ms = self.anchor.step_ns() as f64 / 1e6;
        let before = self.session.clock_step_ms;
        if step_ms.abs() < before.unwrap_or(0.0).abs() + LEAST_STEP_NS as f64 / 1e6 {
            return Ok(());
        }
        if before.is_none() {
            eprintln!(
                "collect: the wall clock was set by {:.3} s, or the machine slept: logs of other programs are less certain now",
                step_ms / 1e3
            );
        }
        self.session.clock_step_ms = Some(step_ms);
        self.journal.session(&self.session)
    }

    /// A row that its contract takes: one that it refuses would stop the tables of all runs, so it is a failed run.
    fn fit_for_the_table(&self, planned: &Planned, run: Run) -> Run {
        match schemas::check::refusal(&RUN, &run) {
            None => run,
            Some(why) => fail(self.record(planned), &format!("what was measured is no row of `run`, {why}")),
        }
    }

    /// The row of a run that cannot be made.
    fn without_trying(&self, planned: &Planned) -> Option<Run> {
        let gated = self.gated.get(&planned.backend)?;
        match &gated.excluded {
            Some(Excluded::Skipped(why)) => return Some(skip(self.record(planned), why)),
            Some(Excluded::Failed(why)) => return Some(fail(self.record(planned), why)),
            None => {}
        }
        if let Some(why) = backends::cannot(&gated.backend, planned.mode) {
            return Some(skip(self.record(planned), why));
        }
        let tokens = planned.scenario.prompt_tokens + self.config.new_tokens;
        (tokens > self.model.positions).then(|| {
            let why = format!("{tokens} tokens are more than the model's {} positions", self.model.positions);
            skip(self.record(planned), &why)
        })
    }

    /// One run on the backend's worker, which is started if another one's is alive. Repeated, a bounded number of times, while
    /// other processes use too much of the machine.
    fn one(&self, planned: &Planned, worker: &mut Option<(String, Client)>, sampler: &Sampler) -> Result<Run> {
        let gated = self.gated.get(&planned.backend).context("a backend that was not asked for")?;
        if worker.as_ref().is_none_or(|(name, _)| *name != planned.backend) {
            if let Some((_, old)) = worker.take() {
                old.finish();
            }
            let load = gated.load.as_ref().context("nothing to load")?;
            let timeout = Duration::from_secs(self.config.load_timeout_s);
            let client = Client::start(&gated.backend, load, &self.here, timeout)?;
            if let Some(broken) =
                attest::loaded(&gated.backend, &client.attestation, self.config.threads, &self.config.cpus)
            {
                bail!(broken);
            }
            *worker = Some((planned.backend.clone(), client));
        }
        let (_, client) = worker.as_mut().context("no worker")?;
        let request = self.request(planned, gated);
        let bound = self.config.contention.max_other_cpu_pct;
        let mut best: Option<Measured> = None;
        for attempt in 1..=self.config.contention.max_repeats + 1 {
            if attempt > 1 {
                wait_quiet(client.pid(), bound, Duration::from_secs_f64(self.config.contention.wait_quiet_s));
            }
            std::thread::sleep(Duration::from_millis(self.config.cooldown_ms));
            let measured = self.attempt(gated, &request, client, attempt)?;
            let crowded = |m: &Measured| m.other_cpu_pct.unwrap_or(0.0);
            let rank = |m: &Measured| (m.slept_ns, crowded(m));
            let quiet = crowded(&measured) <= bound && measured.slept_ns == 0;
            if best.as_ref().is_none_or(|b| rank(&measured) <= rank(b)) {
                best = Some(measured);
            }
            if let Some(best) = &mut best {
                best.attempts = attempt;
            }
            if quiet {
                break;
            }
        }
        let measured = best.context("no attempt")?;
        sampler.wait_past(monotonic_ns());
        Ok(self.measured(planned, gated, &measured, client))
    }

    fn attempt(&self, gated: &Gated, request: &RunRequest, client: &mut Client, attempt: usize) -> Result<Measured> {
        let asleep_ns = clock::asleep_ns();
        let before = CpuUse::read(client.pid());
        let asked_ns = monotonic_ns();
        let answer =
            client.ask(&Request::Run(Box::new(request.clone())), Duration::from_secs(self.config.run_timeout_s))?;
        let answered_ns = monotonic_ns();
        let after = CpuUse::read(client.pid());
        let (other_cpu_pct, cores_busy) = (before.other_pct(&after), before.worker_cores(&after));
        let Answer::Run(answer) = answer else { bail!("worker gave no run") };
        if let Some(broken) = attest::ran(&gated.backend, request, self.config.stop, &answer, asked_ns..answered_ns) {
            bail!(broken);
        }
        // A server is another process itself.
        let here = gated.backend.form != Form::Served;
        let (other_cpu_pct, cores_busy) = (other_cpu_pct.filter(|_| here), cores_busy.filter(|_| here));
        let slept_ns = Some(clock::asleep_ns() - asleep_ns).filter(|ns| *ns > LEAST_STEP_NS).unwrap_or(0);
        Ok(Measured { answer: *answer, other_cpu_pct, cores_busy, slept_ns, attempts: attempt })
    }

    fn request(&self, planned: &Planned, gated: &Gated) -> RunRequest {
        let served = gated.backend.form == Form::Served;
        let stop_tokens = if self.config.stop == Stop::Eos { self.model.stop_tokens.clone() } else { Vec::new() };
        RunRequest {
            mode: planned.mode.mode,
            kv_cache: planned.mode.kv_cache,
            batch: self.prompts.batch(&planned.scenario),
            texts: if served { self.prompts.texts(&planned.scenario) } else { Vec::new() },
            new_tokens: self.config.new_tokens,
            stop_tokens,
            last_logits: self.config.logits == Logits::Last,
            warmup: self.config.warmup,
            min_window_ns: self.window_ns,
        }
    }

    fn measured(&self, planned: &Planned, gated: &Gated, measured: &Measured, client: &Client) -> Run {
        let (attested, answer) = (&client.attestation, &measured.answer);
        let generating = planned.mode.mode == Mode::Generate;
        let latency_ms = (answer.end_ns - answer.start_ns) as f64 / answer.iterations as f64 / 1e6;
        let tokens = answer.tokens_generated as f64 / planned.scenario.batch as f64;
        // A server may send several tokens in a piece, whose times are then no times of tokens.
        let is_token_a_step = answer.token_ms.len() as f64 == tokens || gated.backend.form != Form::Served;
        let steps = if gated.backend.form == Form::Served { tokens } else { answer.token_ms.len() as f64 };
        let slept = (measured.slept_ns > 0)
            .then(|| format!("the machine was suspended for {:.1} s in the run", measured.slept_ns as f64 / 1e9));
        let crowded = measured.other_cpu_pct.filter(|pct| *pct > self.config.contention.max_other_cpu_pct);
        let crowded = crowded.map(|pct| {
            format!(
                "other processes used {pct:.1} % of the processors in the quietest of {} attempts",
                measured.attempts
            )
        });
        let reason = slept.or(crowded);
        let record = self.record(planned);
        let cpus: Vec<String> = attested.cpus.iter().map(usize::to_string).collect();
        Run {
            status: if reason.is_some() { "degraded" } else { "ok" }.into(),
            reason,
            device: attested.device.clone(),
            dtype: attested.dtype.clone(),
            prompt_tokens: count(answer.prompt_tokens).or(record.prompt_tokens),
            prompt_tokens_padded: count(answer.prompt_tokens).or(record.prompt_tokens_padded),
            tokens_generated: count(Some(answer.tokens_generated)),
            iterations: count(Some(answer.iterations)),
            start_ns: Some(self.anchor.utc(answer.start_ns)),
            end_ns: Some(self.anchor.utc(answer.end_ns)),
            latency_ms: Some(latency_ms),
            ttft_ms: Some(answer.ttft_ms),
            tpot_ms: (generating && steps > 1.0).then(|| (latency_ms - answer.ttft_ms) / (steps - 1.0)),
            token_ms: (generating && is_token_a_step).then(|| answer.token_ms.clone()),
            iteration_ms: (!answer.iteration_ms.is_empty()).then(|| answer.iteration_ms.clone()),
            logits: Some(if answer.last_logits { Logits::Last } else { Logits::All }.name().into()),
            threads: count(attested.threads),
            cores_busy: measured.cores_busy,
            cpus: (!attested.cpus.is_empty()).then(|| cpus.join(",")),
            provider: Some(attested.provider.clone()),
            nodes: (!attested.nodes.is_empty()).then(|| attested.nodes.clone()),
            graph: Some(attested.graph.clone()),
            io_binding: Some(attested.io_binding),
            compiled_graphs: count(answer.compiled_graphs.filter(|_| gated.backend.compiled)),
            library: Some(attested.library.clone()),
            library_sha256: attested.library_sha256.clone(),
            blas: attested.blas.clone(),
            parity: gated.parity.clone(),
            kv_cache_first_bytes: count(answer.cache_bytes.map(|[first, _]| first)),
            kv_cache_bytes: count(answer.cache_bytes.map(|[_, last]| last)),
            load_ms: attested.load_ms,
            memory_mb: attested.memory_mb,
            warmup_iterations: count(Some(answer.warmup_iterations)),
            warmup_cv_pct: answer.warmup_cv_pct,
            other_cpu_pct: measured.other_cpu_pct,
            attempts: count(Some(measured.attempts)),
            ..record
        }
    }

    /// A run's row before it was measured.
    fn record(&self, planned: &Planned) -> Run {
        let batch = self.prompts.batch(&planned.scenario);
        let new_tokens = if planned.mode.mode == Mode::Generate { self.config.new_tokens } else { 0 };
        let attested = self.gated.get(&planned.backend).and_then(|g| g.attestation.as_ref());
        Run {
            session_id: self.session.session_id.clone(),
            run_id: planned.run_id.clone(),
            backend: planned.backend.clone(),
            device: attested.map_or("unknown", |a| a.device.as_str()).into(),
            dtype: attested.map_or("unknown", |a| a.dtype.as_str()).into(),
            model: self.config.model.name().into(),
            model_sha256: Some(self.model.sha256.clone()).filter(|s| !s.is_empty()),
            model_source: Some(self.config.model.describe()),
            tokenizer_sha256: self.model.tokenizer_sha256.clone(),
            weights: self.config.model.weights().into(),
            mode: planned.mode.mode.name().into(),
            kv_cache: planned.mode.kv_cache,
            scenario: planned.scenario.name.clone(),
            batch: planned.scenario.batch as i64,
            prompt_tokens: count(Some(batch.real_tokens())),
            prompt_tokens_padded: count(Some(batch.padded_tokens())),
            new_tokens_asked: count(Some(new_tokens)),
            repetition: planned.repetition as i64,
            order: count(Some(planned.order)),
            logits: Some(self.config.logits.name().into()),
            ..Run::default()
        }
    }

    /// An idle baseline, bracketed by readings.
    fn idle(&self, sampler: &Sampler) -> (Option<i64>, Option<i64>) {
        if self.config.idle_s == 0.0 || sampler.devices().is_empty() {
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

/// A number of things as a column has it.
fn count(number: Option<usize>) -> Option<i64> {
    number.map(|n| n as i64)
}

//! The load: a backend's worker that computes prefills while the wave is high. The worker stamps when it began and ended.

use super::{on_times::OnTimes, probe::seconds, schedule::Schedule};
use crate::{
    backends::find,
    client::Client,
    config::{Config, Scenario},
    installed::Installed,
    prompts::Prompts,
};
use anyhow::{Context, Result, bail};
use protocol::{Answer, Load as Loading, Mode, Request, RunAnswer, RunRequest, Warmup};
use std::time::Duration;

/// Batches that are tried, the smallest first: sequences and tokens of each.
const SHAPES: [(usize, usize); 5] = [(1, 16), (4, 64), (8, 128), (16, 128), (32, 128)];
/// A prefill ends when it ends: one that takes longer than this would not switch off when it should.
const LONGEST_MS: f64 = 10.0;
const PROBING_MS: i64 = 100;

pub struct Load {
    client: Client,
    request: RunRequest,
    timeout: Duration,
    pub backend: String,
    pub shape: (usize, usize),
    /// Time of one prefill.
    pub prefill_ms: f64,
}

impl Load {
    /// Starts the worker and finds the largest batch whose prefill is short.
    pub fn start(
        config: &Config,
        backend: &str,
        loading: &Loading,
        here: &Installed,
        prompts: &Prompts,
    ) -> Result<Self> {
        let client =
            Client::start(&find(backend, &config.worker)?, loading, here, Duration::from_secs(config.load_timeout_s))?;
        let positions = loading.model.positions;
        let mut shapes = SHAPES.into_iter().filter(|(_, tokens)| *tokens <= positions);
        let first = shapes.next().context("the model takes fewer than 16 tokens")?;
        let timeout = Duration::from_secs(config.run_timeout_s);
        let mut load = Load {
            client,
            request: request(prompts, first),
            timeout,
            backend: backend.into(),
            shape: first,
            prefill_ms: f64::NAN,
        };
        load.prefill_ms = load.time()?;
        for shape in shapes {
            let smaller = std::mem::replace(&mut load.request, request(prompts, shape));
            let prefill_ms = load.time()?;
            if prefill_ms > LONGEST_MS {
                load.request = smaller;
                break;
            }
            (load.shape, load.prefill_ms) = (shape, prefill_ms);
        }
        Ok(load)
    }

    fn time(&mut self) -> Result<f64> {
        // The first prefill of a shape may compile or plan.
        self.run(0.0)?;
        let ran = self.run(PROBING_MS as f64 / 1e3)?;
        Ok((ran.end_ns - ran.start_ns) as f64 / 1e6 / ran.iterations.max(1) as f64)
    }

    /// Prefills for at least this long.
    pub fn run(&mut self, seconds: f64) -> Result<RunAnswer> {
        self.request.min_window_ns = (seconds * 1e9) as i64;
        match self.client.ask(&Request::Run(Box::new(self.request.clone())), self.timeout)? {
            Answer::Run(ran) => Ok(*ran),
            other => bail!("{}: answered a run with {other:?}", self.backend),
        }
    }

    /// The square wave; when the load was on.
    pub fn wave(&mut self, schedule: &Schedule, mut each: impl FnMut(usize)) -> Result<OnTimes> {
        let mut on = Vec::with_capacity(schedule.steps.len());
        for (at, step) in schedule.steps.iter().enumerate() {
            let ran = self.run(step.on_s)?;
            on.push((seconds(ran.start_ns), seconds(ran.end_ns)));
            std::thread::sleep(Duration::from_secs_f64(step.off_s));
            each(at);
        }
        Ok(OnTimes(on))
    }

    pub fn finish(self) {
        self.client.finish();
    }
}

fn request(prompts: &Prompts, (batch, prompt_tokens): (usize, usize)) -> RunRequest {
    RunRequest {
        mode: Mode::Prefill,
        kv_cache: false,
        batch: prompts.batch(&Scenario { name: "load".into(), batch, prompt_tokens }),
        texts: Vec::new(),
        new_tokens: 0,
        stop_tokens: Vec::new(),
        last_logits: true,
        warmup: Warmup { min_iterations: 0, max_iterations: 0, max_cv_pct: 100.0 },
        min_window_ns: 0,
    }
}

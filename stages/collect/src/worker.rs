//! `collect worker`: one engine in one process, so that its threads, memory and crashes are its own.

use crate::{
    backends::{self, Engine, Load},
    clock::monotonic_ns,
    config::Mode,
    generate::{generate, prefill},
    models::batch::Batch,
    protocol::{Answer, Request, RunAnswer, RunRequest},
};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{BufRead, BufWriter, Write},
    path::Path,
};

/// Loads the backend and serves requests from standard input until `exit` or end of file.
pub fn serve(backend: &str, load: &Load) -> Result<()> {
    // Libraries print to standard output: it becomes standard error, and answers go to a copy of the old one.
    let mut answers = File::from(rustix::io::dup(std::io::stdout()).context("cannot copy standard output")?);
    rustix::stdio::dup2_stdout(std::io::stderr()).context("cannot redirect standard output")?;
    let mut say = move |answer: &Answer| -> Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        Ok(answers.write_all(&line)?)
    };
    let mut engine = match backends::find(backend).and_then(|b| (b.load)(load)) {
        Ok(engine) => engine,
        Err(e) => return say(&Answer::Failed { message: first_line(&e) }),
    };
    say(&Answer::Ready { attestation: engine.attest() })?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?).context("not a request")?;
        let answer = match request {
            Request::Exit => break,
            Request::Logits { batch, path } => logits(&mut *engine, &batch, &path),
            Request::Greedy { batch, new_tokens } => {
                generate(&mut *engine, &batch, new_tokens, true, true).map(|g| Answer::Greedy { tokens: g.tokens })
            }
            Request::Run(run) => timed(&mut *engine, &run).map(Answer::Run),
        };
        say(&answer.unwrap_or_else(|e| Answer::Failed { message: first_line(&e) }))?;
    }
    Ok(())
}

/// candle puts a backtrace behind its message; the reason is the first line.
fn first_line(e: &anyhow::Error) -> String {
    format!("{e:#}").lines().next().unwrap_or_default().to_string()
}

fn logits(engine: &mut dyn Engine, batch: &Batch, path: &Path) -> Result<Answer> {
    let mut file = BufWriter::new(File::create(path).with_context(|| format!("{}: cannot create", path.display()))?);
    let mut result = Ok([0; 3]);
    engine.clear();
    let step = backends::Step { batch, past: 0, keep: false, last: false };
    engine.forward(&step, &mut |values, shape| {
        let written = values.iter().try_for_each(|v| file.write_all(&v.to_le_bytes()));
        result = written.and_then(|()| file.flush()).map(|()| shape);
    })?;
    Ok(Answer::Logits { shape: result? })
}

/// Warm-ups, then iterations back to back until the window is at least `min_window_ns`.
fn timed(engine: &mut dyn Engine, run: &RunRequest) -> Result<RunAnswer> {
    let mut iterate = || -> Result<(usize, Vec<u64>, Option<usize>)> {
        match run.mode {
            Mode::Prefill => {
                engine.clear();
                prefill(engine, &run.batch, run.last_logits)?;
                Ok((0, Vec::new(), None))
            }
            Mode::Generate => {
                let g = generate(engine, &run.batch, run.new_tokens, run.kv_cache, run.last_logits)?;
                let tokens = g.tokens.iter().map(Vec::len).sum();
                Ok((tokens, g.step_ns, run.kv_cache.then_some(g.cache_bytes)))
            }
        }
    };
    for _ in 0..run.warmup_iterations {
        iterate()?;
    }
    let mut iterations = 0;
    let mut steps_ns = vec![0u64; if run.mode == Mode::Generate { run.new_tokens } else { 0 }];
    let start_ns = monotonic_ns();
    let (end_ns, tokens_generated, cache_bytes) = loop {
        let (tokens, step_ns, cache_bytes) = iterate()?;
        iterations += 1;
        steps_ns.iter_mut().zip(&step_ns).for_each(|(sum, ns)| *sum += ns);
        let now = monotonic_ns();
        if now - start_ns >= run.min_window_ns {
            break (now, tokens, cache_bytes);
        }
    };
    let mean_ms = |ns: f64| ns / iterations as f64 / 1e6;
    let token_ms: Vec<f64> = steps_ns.iter().map(|&ns| mean_ms(ns as f64)).collect();
    let ttft_ms = token_ms.first().copied().unwrap_or_else(|| mean_ms((end_ns - start_ns) as f64));
    Ok(RunAnswer { start_ns, end_ns, iterations, ttft_ms, token_ms, tokens_generated, cache_bytes })
}

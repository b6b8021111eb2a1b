//! Requests and answers: models are prepared, then one engine is loaded and timed.

use crate::{
    engine::{Iteration, Subject},
    engines::{self, openai_http},
    models::{folder, onnx, source, tokenizer},
    process,
};
use anyhow::{Context, Result, anyhow};
use protocol::{Answer, Attestation, Batch, Load, Mode, Request, RunAnswer, RunRequest, Warmup, monotonic_ns};
use schemas::config::Fault;
use std::{
    fs::File,
    io::{BufRead, BufWriter, Write},
    path::Path,
};

/// Serves requests from standard input until `exit` or end of file; one engine can be loaded.
pub fn serve() -> Result<()> {
    // Libraries print to standard output: it becomes standard error, and answers go to a copy of the old one.
    let mut answers = File::from(rustix::io::dup(std::io::stdout()).context("cannot copy standard output")?);
    rustix::stdio::dup2_stdout(std::io::stderr()).context("cannot redirect standard output")?;
    process::prefer_oom_kill();
    let mut say = move |answer: &Answer| -> Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        Ok(answers.write_all(&line)?)
    };
    let mut loaded: Option<Box<dyn Subject>> = None;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?).context("not a request")?;
        let answer = match (request, loaded.as_mut()) {
            (Request::Exit, _) => break,
            (Request::Load(load), None) => match start(&load) {
                Ok((subject, attestation)) => {
                    loaded = Some(subject);
                    Ok(Answer::Ready { attestation: Box::new(attestation) })
                }
                Err(e) => return say(&Answer::Failed { message: first_line(&e) }),
            },
            (Request::Load(_), Some(_)) => Err(anyhow!("a model is loaded already")),
            (Request::Logits { batch, path }, Some(subject)) => logits(&mut **subject, &batch, &path),
            (Request::Greedy { batch, new_tokens }, Some(subject)) => {
                subject.greedy(&batch, new_tokens).map(|tokens| Answer::Greedy { tokens })
            }
            (Request::Run(run), Some(subject)) => timed(&mut **subject, &run).map(|a| Answer::Run(Box::new(a))),
            (request, _) => prepare(request),
        };
        say(&answer.unwrap_or_else(refusal))?;
    }
    Ok(())
}

/// What is asked of models, for which no engine is needed.
fn prepare(request: Request) -> Result<Answer> {
    Ok(match request {
        Request::Model { source, site_packages, cache } => {
            Answer::Model { model: Box::new(source::find(&source, &site_packages, &cache)?) }
        }
        Request::Encode { tokenizer, texts } => {
            let tokenizer = tokenizer::load(&tokenizer)?;
            let rows = texts.iter().map(|text| tokenizer::encode(&tokenizer, text)).collect::<Result<_>>()?;
            Answer::Encoded { rows }
        }
        Request::Decode { tokenizer, rows } => {
            let tokenizer = tokenizer::load(&tokenizer)?;
            let texts = rows.iter().map(|ids| tokenizer::decode(&tokenizer, ids)).collect::<Result<_>>()?;
            Answer::Decoded { texts }
        }
        Request::Onnx { model, weighted, graph, cache } => {
            Answer::Form { path: onnx::cached(&model, weighted, graph, &cache)? }
        }
        Request::Folder { model, cache } => Answer::Form { path: folder::cached(&model, &cache)? },
        Request::Reach { url } => {
            openai_http::reach(&url)?;
            Answer::Reached
        }
        Request::Load(_) | Request::Logits { .. } | Request::Greedy { .. } | Request::Run(_) | Request::Exit => {
            return Err(anyhow!("no model is loaded"));
        }
    })
}

fn refusal(e: anyhow::Error) -> Answer {
    match e.downcast::<Fault>() {
        Ok(fault) => Answer::Refused { fault },
        Err(e) => Answer::Failed { message: first_line(&e) },
    }
}

fn start(load: &Load) -> Result<(Box<dyn Subject>, Attestation)> {
    // Before the engine makes its threads, which inherit it.
    process::stay_on(&load.cpus)?;
    let subject = engines::load(load)?;
    let cpus = if load.cpus.is_empty() {
        Vec::new()
    } else {
        protocol::allowed_cpus().context("cannot read this process's processors")?
    };
    let attestation = Attestation { cpus, ..subject.attest() };
    Ok((subject, attestation))
}

/// candle puts a backtrace behind its message; the reason is the first line.
fn first_line(e: &anyhow::Error) -> String {
    format!("{e:#}").lines().next().unwrap_or_default().to_string()
}

fn logits(subject: &mut dyn Subject, batch: &Batch, path: &Path) -> Result<Answer> {
    let mut file = BufWriter::new(File::create(path).with_context(|| format!("{}: cannot create", path.display()))?);
    let mut result = Ok([0; 3]);
    subject.logits(batch, &mut |values, shape| {
        let written = values.iter().try_for_each(|v| file.write_all(&v.to_le_bytes()));
        result = written.and_then(|()| file.flush()).map(|()| shape);
    })?;
    Ok(Answer::Logits { shape: result? })
}

/// Sample standard deviation over mean, in per cent; `None` for fewer than two values.
fn cv_pct(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() >= 2 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean * 100.0)
}

/// Untimed iterations until their times are steady; how many, and how steady the last three were.
fn warm_up(warmup: &Warmup, mut iterate: impl FnMut() -> Result<f64>) -> Result<(usize, Option<f64>)> {
    let mut times = Vec::new();
    loop {
        let cv = cv_pct(&times[times.len().saturating_sub(3)..]);
        let steady = times.len() >= 3 && cv.is_some_and(|cv| cv <= warmup.max_cv_pct);
        if times.len() >= warmup.max_iterations || (times.len() >= warmup.min_iterations && steady) {
            return Ok((times.len(), cv));
        }
        times.push(iterate()?);
    }
}

/// Warm-ups, then iterations back to back until the window is at least `min_window_ns`.
fn timed(subject: &mut dyn Subject, run: &RunRequest) -> Result<RunAnswer> {
    let (warmup_iterations, warmup_cv_pct) = warm_up(&run.warmup, || {
        let start = monotonic_ns();
        subject.iterate(run)?;
        Ok((monotonic_ns() - start) as f64)
    })?;
    let mut iteration_ms: Vec<f64> = Vec::new();
    let mut steps: Vec<(u64, u64)> = Vec::new();
    let mut first_ns = 0;
    let start_ns = monotonic_ns();
    let mut before_ns = start_ns;
    let (end_ns, last) = loop {
        let done: Iteration = subject.iterate(run)?;
        steps.resize(steps.len().max(done.step_ns.len()), (0, 0));
        steps.iter_mut().zip(&done.step_ns).for_each(|((sum, n), ns)| (*sum, *n) = (*sum + ns, *n + 1));
        first_ns += done.ttft_ns.or(done.step_ns.first().copied()).unwrap_or(0);
        let now = monotonic_ns();
        iteration_ms.push((now - before_ns) as f64 / 1e6);
        before_ns = now;
        if now - start_ns >= run.min_window_ns {
            break (now, done);
        }
    };
    let iterations = iteration_ms.len();
    let mean_ms = |ns: f64| ns / iterations as f64 / 1e6;
    let unstepped = run.mode == Mode::Prefill && last.ttft_ns.is_none();
    Ok(RunAnswer {
        start_ns,
        end_ns,
        iterations,
        ttft_ms: mean_ms(if unstepped { (end_ns - start_ns) as f64 } else { first_ns as f64 }),
        token_ms: steps.iter().map(|(sum, n)| *sum as f64 / *n as f64 / 1e6).collect(),
        iteration_ms,
        tokens_in: last.tokens_in,
        prompt_tokens: last.prompt_tokens,
        tokens_generated: last.tokens_generated,
        cache_bytes: last.cache_bytes,
        last_logits: run.last_logits && subject.last_alone(),
        warmup_iterations,
        warmup_cv_pct,
        compiled_graphs: None,
        compiled_in_window: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warmed(times: &[f64], warmup: Warmup) -> (usize, Option<f64>) {
        let mut times = times.iter();
        warm_up(&warmup, || Ok(*times.next().unwrap())).unwrap()
    }

    #[test]
    fn warm_up_ends_when_times_are_steady_or_at_the_maximum() {
        let bounds = Warmup { min_iterations: 2, max_iterations: 5, max_cv_pct: 5.0 };
        assert_eq!(warmed(&[10.0, 10.0, 10.0], bounds), (3, Some(0.0)));
        assert_eq!(warmed(&[20.0, 10.0, 10.0, 10.0], bounds).0, 4);
        let (n, cv) = warmed(&[1.0, 2.0, 1.0, 2.0, 1.0], bounds);
        assert!(n == 5 && cv > Some(30.0));
        assert_eq!(warmed(&[], Warmup { min_iterations: 0, max_iterations: 0, max_cv_pct: 5.0 }), (0, None));
        assert_eq!(warmed(&[3.0], Warmup { min_iterations: 1, max_iterations: 1, max_cv_pct: 5.0 }), (1, None));
    }
}

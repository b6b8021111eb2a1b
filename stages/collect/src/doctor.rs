//! `collect doctor` and `collect backends`: what can run here, and what to do about what cannot.

use crate::{
    available::available,
    backends,
    cli::Setup,
    config::Config,
    host::{CpuTicks, Host},
    installed::Installed,
    power,
    prepare::Preparer,
};
use protocol::{
    Files, Model,
    backend::{self, Backend},
};
use std::{fmt, path::Path, process::ExitCode, time::Duration};

/// Free disk that graphs and folders built from a model of this size may need: f32 in two forms, and quantised ones.
const FORMS_OF_A_MODEL: u64 = 16;
/// Largest difference of two clocks' advance over the check.
const CLOCK_DRIFT_NS: i64 = 5_000_000;

/// One line a registered backend.
pub fn backends(here: &Installed) -> String {
    let line = |b: Backend| match available(&b, here) {
        Ok(what) => format!("{:<26} available      {} ({what})\n", b.name, b.about),
        Err(why) => format!("{:<26} not available  {}: {why}\n", b.name, b.about),
    };
    backend::all().map(line).collect()
}

/// What a check found, and what to do.
enum Found {
    Good(String),
    /// Measuring works, with a limit that the report will name.
    Limited(String, String),
    Bad(String, String),
}

pub struct Report(Vec<(&'static str, Found)>);

impl Report {
    pub fn exit_code(&self) -> ExitCode {
        match self.0.iter().any(|(_, found)| matches!(found, Found::Bad(..))) {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (what, found) in &self.0 {
            match found {
                Found::Good(said) => writeln!(f, "ok       {what}: {said}")?,
                Found::Limited(said, remedy) => writeln!(f, "limited  {what}: {said}, {remedy}")?,
                Found::Bad(said, remedy) => writeln!(f, "bad      {what}: {said}, {remedy}")?,
            }
        }
        Ok(())
    }
}

/// All checks, in the order in which a run would meet them.
pub fn examine(config: &Config, asked: &Setup) -> Report {
    let (here, cache) = (&asked.here.with_server_of(config), &asked.cache);
    let mut found = Vec::new();
    let model = Preparer::default().model(config, here, cache);
    match &model {
        Ok(model) => {
            found.push(("model", Found::Good(format!("{}, {}", config.model.describe(), model.path().display()))))
        }
        Err(e) => found.push(("model", Found::Bad(format!("{e:#}"), "see above".into()))),
    }
    match backends::asked(config) {
        Ok(asked) => found.extend(asked.iter().map(|b| ("engine", engine(b, here, model.as_ref().ok())))),
        Err(e) => found.push(("engine", Found::Bad(format!("{e:#}"), "correct [collect] backends".into()))),
    }
    found.extend(config.power.iter().map(|p| ("sensor", sensor(p))));
    found.push(("processors", processors(config)));
    found.push(("machine", quiet(config)));
    found.push(("clock", clock()));
    found.push(("disk", disk(cache, model.as_ref().ok())));
    Report(found)
}

fn engine(backend: &Backend, here: &Installed, model: Option<&Model>) -> Found {
    let gguf = model.is_some_and(|m| matches!(m.files, Files::Gguf(_)));
    if backend.form.is_in_blocks() && model.is_some() && !gguf {
        return Found::Bad(format!("{} needs a GGUF model", backend.name), "use another model or leave it out".into());
    }
    match available(backend, here) {
        Ok(what) => Found::Good(format!("{}, {what}", backend.name)),
        Err(why) => Found::Bad(format!("{}: {why}", backend.name), "or leave it out of [collect] backends".into()),
    }
}

fn sensor(config: &power::Config) -> Found {
    let name = config.name();
    let (said, remedy) = match power::probe(config) {
        Ok(probe) if probe.faults.is_empty() => return Found::Good(format!("{name}, {}", probe.devices.join(", "))),
        Ok(probe) => {
            (format!("{name}, {}: {}", probe.devices.join(", "), probe.faults.join("; ")), "its energy will have gaps")
        }
        Err(why) => (format!("{name}: {why}"), "without it energy may be an estimate"),
    };
    match config.required() {
        true => Found::Bad(said, "or set required = false".into()),
        false => Found::Limited(said, remedy.into()),
    }
}

fn processors(config: &Config) -> Found {
    let host = Host::read();
    if let Some(cpu) = config.cpus.iter().find(|&&cpu| cpu >= host.logical_cores) {
        let remedy = "correct [collect] cpus".into();
        return Found::Bad(format!("processor {cpu} of {} does not exist", host.logical_cores), remedy);
    }
    let usable = if config.cpus.is_empty() { host.logical_cores } else { config.cpus.len() };
    match config.threads > usable {
        true => {
            Found::Bad(format!("{} threads on {usable} processors", config.threads), "lower [collect] threads".into())
        }
        false => {
            Found::Good(format!("{} threads on {usable} of {} ({})", config.threads, host.logical_cores, host.cpu))
        }
    }
}

/// What others use while nothing is measured.
fn quiet(config: &Config) -> Found {
    let before = CpuTicks::read();
    std::thread::sleep(Duration::from_millis(500));
    let (Some(before), Some(after)) = (before, CpuTicks::read()) else {
        return Found::Limited("/proc/stat cannot be read".into(), "contention will not be seen".into());
    };
    let busy = (after.busy - before.busy) as f64 / (after.total - before.total).max(1) as f64 * 100.0;
    match busy > config.contention.max_other_cpu_pct {
        true => Found::Limited(
            format!("other processes use {busy:.0} % of the processors"),
            "stop them, or runs will repeat".into(),
        ),
        false => Found::Good(format!("other processes use {busy:.0} % of the processors")),
    }
}

/// CLOCK_MONOTONIC and CLOCK_REALTIME have to advance alike, or samples and runs part.
fn clock() -> Found {
    let before = crate::clock::Anchor::now();
    std::thread::sleep(Duration::from_millis(200));
    let after = crate::clock::Anchor::now();
    let drift = (after.realtime_ns - before.realtime_ns) - (after.monotonic_ns - before.monotonic_ns);
    match drift.abs() > CLOCK_DRIFT_NS {
        true => Found::Bad(format!("the wall clock jumped by {drift} ns in 200 ms"), "let NTP settle first".into()),
        false => Found::Good(format!("wall and monotonic clock part by {drift} ns in 200 ms")),
    }
}

fn disk(cache: &Path, model: Option<&Model>) -> Found {
    let at = cache.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."));
    let Ok(stat) = rustix::fs::statvfs(at) else {
        return Found::Limited(format!("{}: free space cannot be read", at.display()), "look yourself".into());
    };
    let free = stat.f_bavail * stat.f_frsize;
    let size = model.and_then(|m| std::fs::metadata(m.path()).ok()).map_or(0, |m| m.len());
    let wanted = size * FORMS_OF_A_MODEL;
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    match free < wanted {
        true => Found::Bad(
            format!("{}: {:.1} GiB free, forms of the model may need {:.1}", at.display(), gib(free), gib(wanted)),
            "make room or pass another --cache".into(),
        ),
        false => Found::Good(format!("{}: {:.1} GiB free", at.display(), gib(free))),
    }
}

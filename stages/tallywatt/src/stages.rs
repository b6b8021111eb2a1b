//! The stages, each in a process of its own: this binary again, as `tallywatt stage NAME`.

use anyhow::{Context, Result};
use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::{Command, ExitCode, ExitStatus, Stdio},
    time::Instant,
};

/// Shown in place of what only a checkout can do.
pub const SETUP: &str = "run `pip install 'tallywatt[measure]'`";

type Main = fn(Vec<OsString>) -> ExitCode;

const STAGES: &[(&str, Main)] = &[
    ("import", |words| import::main(words)),
    ("collect", |words| collect::main(words)),
    ("worker", |words| worker::main(words)),
    ("join-telemetry", |words| join_telemetry::main(words)),
    ("derive-costs", |words| derive_costs::main(words)),
    ("analyze", |words| analyze::main(words)),
    ("render", |words| render::main(words)),
    ("query", |words| query::main(words)),
];

pub fn names() -> impl Iterator<Item = &'static str> {
    STAGES.iter().map(|(name, _)| *name)
}

/// Becomes a stage; the first word is its name.
pub fn become_stage(words: Vec<OsString>) -> ExitCode {
    let main = words.first().and_then(|name| STAGES.iter().find(|(known, _)| name == known));
    match main {
        Some((_, main)) => main(words),
        None => {
            let named = words.first().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let known = names().collect::<Vec<_>>().join(", ");
            eprintln!("tallywatt: stage: no such stage, {named:?}, name one of {known}");
            ExitCode::from(2)
        }
    }
}

/// What a stage is started with, and what is shown of that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loudness {
    pub is_quiet: bool,
    pub is_verbose: bool,
}

/// A stage that failed has said why.
#[derive(Debug, thiserror::Error)]
#[error("{stage} failed")]
pub struct Failed {
    pub stage: &'static str,
    pub code: u8,
}

/// Runs a stage, whose output is shown as it comes unless all is to be quiet.
///
/// # Errors
///
/// [`Failed`] where the stage failed, having said why on standard error.
pub fn run<W: AsRef<OsStr>>(stage: &'static str, words: impl IntoIterator<Item = W>, loudness: Loudness) -> Result<()> {
    let mut command = command(stage, words, loudness)?;
    finish(stage, || command.status(), loudness)
}

/// [`run`] for a stage that works in a scratch folder: what it writes is shown with the name of the folder that the result comes into.
/// Also the last line of standard error.
pub fn run_staged<W: AsRef<OsStr>>(
    stage: &'static str,
    words: impl IntoIterator<Item = W>,
    (staged, into): (&Path, &Path),
    loudness: Loudness,
) -> (Result<()>, String) {
    let (staged, into) = (staged.display().to_string(), into.display().to_string());
    let mut last = String::new();
    let done = command(stage, words, loudness).and_then(|mut command| {
        let shown = || {
            let output = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).output()?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&staged, &into);
            let errors = text(&output.stderr);
            eprint!("{errors}");
            if !loudness.is_quiet {
                print!("{}", text(&output.stdout));
            }
            last = errors.lines().last().unwrap_or_default().into();
            Ok(output.status)
        };
        finish(stage, shown, loudness)
    });
    (done, last)
}

fn command<W: AsRef<OsStr>>(
    stage: &'static str,
    words: impl IntoIterator<Item = W>,
    loudness: Loudness,
) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("cannot find this program")?);
    command
        .arg("stage")
        .arg(stage)
        .args(words)
        .env("TALLYWATT_COMMIT", env!("TALLYWATT_BUILT_FROM"))
        .env("TALLYWATT_SETUP", SETUP)
        .stdout(if loudness.is_quiet { Stdio::null() } else { Stdio::inherit() });
    if loudness.is_verbose {
        let shown: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        eprintln!("tallywatt {}", shown.join(" "));
    }
    Ok(command)
}

fn finish(stage: &'static str, run: impl FnOnce() -> io::Result<ExitStatus>, loudness: Loudness) -> Result<()> {
    let started = Instant::now();
    let status = run().with_context(|| format!("{stage}: cannot be run"))?;
    if loudness.is_verbose {
        eprintln!("{stage}: {:.1} s", started.elapsed().as_secs_f64());
    }
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failed { stage, code: u8::try_from(code).unwrap_or(1) }.into()),
        None => anyhow::bail!("{stage}: ended by a signal, {status}, free memory and run it again"),
    }
}

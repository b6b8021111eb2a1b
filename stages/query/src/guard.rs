//! Bounds that hold whatever the SQL asks for. A query runs in a second process, because no code can catch its own stack that
//! overflows, its memory that is used up, or its time that passes in one long step.

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use std::{
    env, fs,
    io::{Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Tells the second process what it is.
const INSIDE: &str = "TALLYWATT_QUERY_INSIDE";
/// Unless asked for more, in MiB.
const MOST: u64 = 2048;
/// What the program needs beside the rows, and each thread for its stack, in MiB.
const PROGRAM: u64 = 256;
const STACK: u64 = 4;
/// Bytes of error output that are kept.
const KEPT: usize = 64 << 10;

pub fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Half of the memory that is free, within the limit of the container (cgroups v2), and not more than [`MOST`]; in MiB.
pub fn share_of_memory() -> u64 {
    let kib = |text: String| {
        text.lines().find_map(|l| l.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse().ok())
    };
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(kib).map_or(MOST * 2, |kib: u64| kib >> 10);
    let allowed = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<u64>().ok());
    (free.min(allowed.map_or(u64::MAX, |bytes| bytes >> 20)) / 2).clamp(64, MOST)
}

/// Bytes of it for what DataFusion accounts for; results of functions and encoders take the rest.
pub fn pool(memory: u64) -> usize {
    usize::try_from((memory << 20) / 2).unwrap_or(usize::MAX)
}

/// In the second process: it ends with the first, and the kernel refuses it more memory.
pub fn bind(memory: u64, threads: u64) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("cannot be bound to its parent")?;
    let bytes = (memory + PROGRAM + threads * STACK) << 20;
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    // A stricter limit of the caller's stays.
    let _ = setrlimit(Resource::Data, limit);
    Ok(())
}

/// In the first process: runs the second, and says in one line how it ended if it cannot say it itself.
pub fn watch(memory: u64, timeout: u64, output: Option<&Path>) -> Result<ExitCode> {
    let mut command = Command::new(env::current_exe().context("cannot find its own program")?);
    let mut arguments = env::args_os();
    command.arg0(arguments.next().unwrap_or_default()).args(arguments);
    let mut process = command
        .env(INSIDE, "1")
        .env_remove("RUST_BACKTRACE")
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start its second process, allow it more, such as open files (`ulimit -n`)")?;
    let (sender, ended) = mpsc::channel();
    let mut errors = process.stderr.take();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(errors) = errors.as_mut() {
            let _ = errors.by_ref().take(KEPT as u64).read_to_end(&mut said);
            let _ = std::io::copy(errors, &mut std::io::sink());
        }
        let _ = sender.send(said);
    });
    let said = match timeout {
        0 => ended.recv().ok(),
        seconds => ended.recv_timeout(Duration::from_secs(seconds)).ok(),
    };
    if said.is_none() {
        let _ = process.kill();
    }
    let status = process.wait().context("cannot wait for its second process")?;
    if let Some(target) = output.filter(|_| !status.success()) {
        schemas::partial::sweep(target);
    }
    let Some(said) = said else {
        anyhow::bail!("SQL: took longer than allowed, {timeout} s, ask for less or pass --timeout SECONDS");
    };
    let said = String::from_utf8_lossy(&said);
    match status.code() {
        Some(code @ 0..=2) => {
            let _ = std::io::stderr().write_all(said.as_bytes());
            Ok(ExitCode::from(code as u8))
        }
        _ => anyhow::bail!("SQL: {}", end(status, &said, memory)),
    }
}

/// What an end means that the process could not say itself.
fn end(status: ExitStatus, said: &str, memory: u64) -> String {
    let spoken =
        || said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing was said").to_string();
    if said.contains("memory allocation of") || said.contains("AllocError") || said.contains("apacity overflow") {
        return format!("needs more memory than allowed, {memory} MiB, ask for less or pass --memory MIB");
    }
    if said.contains("overflowed its stack") {
        return "is nested too deeply, the stack is used up, write it flatter".into();
    }
    match status.signal() {
        Some(9) => "its process was killed, signal 9, free memory or pass a smaller --memory".into(),
        Some(signal) => format!("its process ended, signal {signal}, ask for less or report the query: {}", spoken()),
        None => format!("the engine failed, {}, report the query", panic_of(said).unwrap_or_else(spoken)),
    }
}

/// The message of a panic: the line behind where it happened.
fn panic_of(said: &str) -> Option<String> {
    let mut lines = said.lines().skip_while(|line| !line.contains("panicked at"));
    lines.next()?;
    lines.next().map(|line| line.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_with_what_to_do() {
        let told = |raw: i32, said: &str| end(ExitStatus::from_raw(raw), said, 64);
        assert_eq!(
            told(6, "memory allocation of 8589934592 bytes failed\n"),
            "needs more memory than allowed, 64 MiB, ask for less or pass --memory MIB"
        );
        assert_eq!(
            told(6, "\nthread 'main' has overflowed its stack\nfatal runtime error: stack overflow\n"),
            "is nested too deeply, the stack is used up, write it flatter"
        );
        assert_eq!(
            told(
                101 << 8,
                "\nthread 'main' (1) panicked at x.rs:1:2:\nodd number\nnote: run with `RUST_BACKTRACE=1`\n"
            ),
            "the engine failed, odd number, report the query"
        );
        assert_eq!(told(9, ""), "its process was killed, signal 9, free memory or pass a smaller --memory");
    }
}

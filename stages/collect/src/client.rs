//! The parent's side of a worker: start it, ask it, and end it when it is late.

use crate::{
    backends::{Attestation, Backend, Load, Process, Surroundings},
    protocol::{Answer, Request},
};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How much of what a worker printed is kept to explain its death.
const STDERR_KEPT: usize = 4096;

pub struct Client {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<std::io::Result<String>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    pub attestation: Attestation,
}

impl Client {
    /// Starts a backend's worker and waits until its engine is loaded.
    pub fn start(backend: &Backend, load: &Load, here: &Surroundings, timeout: Duration) -> Result<Self> {
        let mut command = command(backend, here)?;
        // Pools that no request reaches read their size from the environment.
        for pool in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "OMP_NUM_THREADS"] {
            command.env(pool, load.threads.to_string());
        }
        // candle's second pool spins after each use, by default so long that it takes a processor from the first one.
        command.env("CANDLE_BARRIER_POOL_SPIN_LIMIT", "2000");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let (stdin, stdout, stderr_pipe) = match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(i), Some(o), Some(e)) => (i, o, e),
            _ => bail!("a worker without pipes"),
        };
        let (sender, answers) = channel();
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let kept = stderr.clone();
        let lines = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let noise = std::thread::spawn(move || keep_tail(stderr_pipe, &kept));
        let readers = vec![lines, noise];
        let mut client = Client { child, stdin, answers, stderr, readers, attestation: Attestation::default() };
        match client.ask(&Request::Load(Box::new(load.clone())), timeout)? {
            Answer::Ready { attestation } => client.attestation = *attestation,
            other => bail!("worker began with {other:?}"),
        }
        Ok(client)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and waits for its answer; an engine's own failure is an error here.
    pub fn ask(&mut self, request: &Request, timeout: Duration) -> Result<Answer> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        if let Err(e) = self.stdin.write_all(&line) {
            return Err(self.death(&format!("worker takes no more requests ({e})")));
        }
        self.wait(timeout)
    }

    fn wait(&mut self, timeout: Duration) -> Result<Answer> {
        match self.answers.recv_timeout(timeout) {
            Ok(Ok(line)) => match serde_json::from_str(&line).with_context(|| format!("worker said \"{line}\""))? {
                Answer::Failed { message } => Err(anyhow!(message)),
                answer => Ok(answer),
            },
            Ok(Err(e)) => Err(self.death(&e.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                Err(anyhow!("no answer within {} s, worker killed", timeout.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.death("worker ended")),
        }
    }

    /// Why the worker is gone: exit status and the last line it printed.
    fn death(&mut self, what: &str) -> anyhow::Error {
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|e| e.to_string(), |s| s.to_string());
        self.readers.drain(..).for_each(|r| drop(r.join()));
        let printed = self.stderr.lock().map(|s| String::from_utf8_lossy(&s).into_owned()).unwrap_or_default();
        let last =
            printed.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it printed nothing").trim().to_string();
        anyhow!("{what}, {status}: {last}")
    }

    /// Lets the worker end by itself.
    pub fn finish(mut self) {
        let _ = self.stdin.write_all(b"{\"op\":\"exit\"}\n");
        let _ = self.child.wait();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The worker for Transformers; handed to Python as a whole, so that this binary stands alone.
const TRANSFORMERS: &str = include_str!("../transformers/worker.py");

fn command(backend: &Backend, here: &Surroundings) -> Result<Command> {
    let (program, arguments): (PathBuf, Vec<OsString>) = match &backend.process {
        Process::Own(_) => (std::env::current_exe().context("cannot find this binary")?, vec!["worker".into()]),
        Process::Cuda(_) => (Surroundings::cuda_worker(), vec!["worker".into()]),
        Process::Transformers => (here.transformers.clone(), vec!["-c".into(), TRANSFORMERS.into()]),
        Process::Command(words) => {
            let (program, rest) = words.split_first().context("a worker without a command")?;
            (program.clone(), rest.iter().map(|word| word.clone().into_os_string()).collect())
        }
    };
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

pub fn keep_tail(mut pipe: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(n @ 1..) = pipe.read(&mut chunk) {
        if let Ok(mut kept) = kept.lock() {
            kept.extend_from_slice(&chunk[..n]);
            let excess = kept.len().saturating_sub(STDERR_KEPT);
            kept.drain(..excess);
        }
    }
}

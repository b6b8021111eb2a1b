//! The parent's side of a worker: start it, ask it, and end it when it is late. A worker may be anybody's program: every wait for it
//! has an end, and whatever it prints has a bound.

use crate::{
    children::{LEAVING, Listened},
    installed::{Installed, program},
};
use anyhow::{Context, Result, anyhow, bail};
use protocol::{
    Answer, Attestation, Load, Request,
    backend::{Backend, Process},
    peer,
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    time::{Duration, Instant},
};

/// Longest answer; a million decoding steps are less.
const ANSWER_BYTES: u64 = 32 << 20;
/// Answers that may wait to be read; a worker that says more waits.
const ANSWERS: usize = 2;
/// Nodes that an engine may name.
const NODES: usize = 10_000;
/// Between two looks whether a silent worker lives.
const LOOK: Duration = Duration::from_millis(500);

pub struct Client {
    child: Listened,
    /// To the thread that writes, as a worker that reads nothing would hold the writer up.
    requests: Sender<Vec<u8>>,
    answers: Receiver<std::io::Result<String>>,
    pub attestation: Attestation,
}

impl Client {
    /// Starts a backend's worker and waits until its engine is loaded. The worker ends with the thread that calls this.
    pub fn start(backend: &Backend, load: &Load, here: &Installed, timeout: Duration) -> Result<Self> {
        let mut command = command(backend, here)?;
        // Pools that no request reaches read their size from the environment.
        for pool in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "OMP_NUM_THREADS"] {
            command.env(pool, load.threads.to_string());
        }
        // candle's second pool spins after each use, by default so long that it takes a processor from the first one.
        command.env("CANDLE_BARRIER_POOL_SPIN_LIMIT", "2000");
        let mut client = Client::spawn(&mut command)?;
        match client.ask(&Request::Load(Box::new(load.clone())), timeout)? {
            Answer::Ready { attestation } => client.attestation = bounded(*attestation),
            other => bail!("worker began with \"{}\"", peer::words(&format!("{other:?}"))),
        }
        Ok(client)
    }

    /// Starts a worker, of which nothing is asked yet. It ends with the thread that calls this.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let (mut child, stdout) = Listened::spawn(command.stdin(Stdio::piped()))
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut stdin = child.child().stdin.take().context("a worker without pipes")?;
        let (requests, to_write) = channel::<Vec<u8>>();
        std::thread::spawn(move || to_write.iter().try_for_each(|line| stdin.write_all(&line)));
        let (sender, answers) = sync_channel(ANSWERS);
        std::thread::spawn(move || lines(stdout, ANSWER_BYTES, &sender));
        Ok(Client { child, requests, answers, attestation: Attestation::default() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &Request, timeout: Duration) -> Result<Answer> {
        if let Ok(Ok(line)) = self.answers.try_recv() {
            self.child.kill();
            bail!(
                "worker answered what it was not asked, \"{}\", it has to answer each request once",
                peer::words(&line)
            );
        }
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        // A worker whose input is closed has ended, or gives no answer in time: either is told below.
        let _ = self.requests.send(line);
        match self.wait(timeout) {
            Ok(Ok(line)) => match serde_json::from_str(&line) {
                Ok(Answer::Failed { message }) => Err(anyhow!(peer::words(&message))),
                Ok(answer) => Ok(answer),
                Err(e) => Err(anyhow!("worker said \"{}\": {e}", peer::words(&line))),
            },
            Ok(Err(e)) => Err(self.death(&e.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill();
                Err(anyhow!("no answer within {} s, worker killed", timeout.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.death("worker ended")),
        }
    }

    /// The next answer. Of a worker that ended nothing comes any more, though a child of it may hold its output open.
    fn wait(&mut self, timeout: Duration) -> Result<std::io::Result<String>, RecvTimeoutError> {
        let started = Instant::now();
        loop {
            let left = timeout.saturating_sub(started.elapsed());
            match self.answers.recv_timeout(left.min(LOOK)) {
                Err(RecvTimeoutError::Timeout) if left > LOOK => {
                    if let Ok(Some(_)) = self.child.child().try_wait() {
                        // What it said last may still be on its way.
                        let last = self.answers.recv_timeout(LOOK);
                        return last.map_err(|_| RecvTimeoutError::Disconnected);
                    }
                }
                answer => return answer,
            }
        }
    }

    /// Why the worker is gone: exit status and the last line it printed.
    fn death(&mut self, what: &str) -> anyhow::Error {
        // One that closed its output is about to end by itself.
        let status = self.child.ended(Duration::from_millis(200));
        self.child.kill();
        let status = status.or_else(|| self.child.ended(LEAVING));
        let status = status.map_or_else(|| "it does not end".into(), |s| s.to_string());
        let last = self.child.last_words(LEAVING).unwrap_or_else(|| "it printed nothing".into());
        anyhow!("{what}, {status}: {}", peer::words(&last))
    }

    /// Lets the worker end by itself, or ends it.
    pub fn finish(mut self) {
        // The last request, and then the end of its input.
        let requests = std::mem::replace(&mut self.requests, channel().0);
        let _ = requests.send(b"{\"op\":\"exit\"}\n".to_vec());
        drop(requests);
        self.child.ended(LEAVING);
    }
}

/// What a worker says of itself, in bounds.
fn bounded(said: Attestation) -> Attestation {
    Attestation {
        device: peer::words(&said.device),
        dtype: peer::words(&said.dtype),
        provider: peer::words(&said.provider),
        nodes: said.nodes.iter().take(NODES).map(|node| peer::words(node)).collect(),
        graph: peer::words(&said.graph),
        library: peer::words(&said.library),
        library_sha256: said.library_sha256.as_deref().map(peer::words),
        blas: said.blas.as_deref().map(peer::words),
        ..said
    }
}

/// Sends each line until the output ends, no one listens or a line is too long.
fn lines(out: impl Read, most: u64, to: &SyncSender<std::io::Result<String>>) {
    let mut out = BufReader::new(out);
    loop {
        let mut line = Vec::new();
        let said = match out.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(read) if read as u64 == most && !line.ends_with(b"\n") => {
                Err(std::io::Error::other(format!("worker printed a line of more than {most} bytes")))
            }
            Ok(_) => Ok(String::from_utf8_lossy(&line).trim().to_string()),
            Err(e) => Err(e),
        };
        let last = said.is_err();
        if to.send(said).is_err() || last {
            return;
        }
    }
}

fn command(backend: &Backend, here: &Installed) -> Result<Command> {
    let mut command = program(&backend.process).map_err(|e| anyhow!(e))?;
    match &backend.process {
        Process::Worker | Process::Cuda => &mut command,
        Process::Transformers => command.arg("--transformers").arg(&here.transformers),
        Process::Command(words) => command.args(words.iter().skip(1)),
    };
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_ends_at_the_bound() {
        let (sender, said) = sync_channel(8);
        lines([b"{}\n".as_slice(), &[b'x'; 100]].concat().as_slice(), 50, &sender);
        drop(sender);
        let said: Vec<_> = said.iter().map(|line| line.map_err(|e| e.to_string())).collect();
        assert_eq!(said, [Ok("{}".into()), Err("worker printed a line of more than 50 bytes".into())]);
    }
}

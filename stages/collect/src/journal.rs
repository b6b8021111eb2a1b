//! What was measured, on disk before anything else happens: JSON lines, appended and synced. A killed `collect` loses at
//! most the run it was in, and the next one goes on from here.

use crate::power::sampler::Sample;
use anyhow::{Context, Result, bail};
use schemas::text::Row;
use serde::Serialize;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// The folder of one plan: the same configuration on the same machine.
pub struct Journal {
    folder: PathBuf,
    sessions: File,
    runs: File,
    samples: Samples,
    /// Held for the life of the journal: one `collect` at a time.
    _lock: File,
}

/// The samples file, shared by the sampling threads.
#[derive(Clone)]
pub struct Samples {
    file: Arc<Mutex<File>>,
    written: Arc<AtomicU64>,
}

impl Journal {
    /// Opens or creates the journal of a plan. A line cut by a kill is dropped.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot create the journal", folder.display()))?;
        let lock = File::create(folder.join("lock"))?;
        if lock.try_lock().is_err() {
            bail!("{}: journal in use, another `collect` is running, wait for it or stop it", folder.display());
        }
        let open = |name: &str| -> Result<File> {
            let path = folder.join(name);
            drop_cut_line(&path).with_context(|| format!("{}: cannot repair", path.display()))?;
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .with_context(|| format!("{}: cannot open", path.display()))
        };
        Ok(Journal {
            sessions: open("sessions.jsonl")?,
            runs: open("runs.jsonl")?,
            samples: Samples::to(open("samples.jsonl")?),
            folder: folder.into(),
            _lock: lock,
        })
    }

    pub fn samples(&self) -> Samples {
        self.samples.clone()
    }

    /// Appends the state of a session; the last line of a session counts.
    pub fn session(&mut self, session: &impl Serialize) -> Result<()> {
        append(&mut self.sessions, session)?;
        Ok(self.sessions.sync_data()?)
    }

    /// Appends a finished run. Its samples are synced first.
    pub fn run(&mut self, run: &impl Serialize) -> Result<()> {
        self.samples.sync()?;
        append(&mut self.runs, run)?;
        Ok(self.runs.sync_data()?)
    }

    pub fn read_runs(&self) -> Result<Vec<Row>> {
        read_lines(&self.folder.join("runs.jsonl"))
    }

    pub fn read_samples(&self) -> Result<Vec<Row>> {
        read_lines(&self.folder.join("samples.jsonl"))
    }

    /// The last state of every session, in order of start.
    pub fn read_sessions(&self) -> Result<Vec<Row>> {
        let mut sessions: Vec<Row> = Vec::new();
        for state in read_lines(&self.folder.join("sessions.jsonl"))? {
            match sessions.iter_mut().find(|s| s.get("session_id") == state.get("session_id")) {
                Some(session) => *session = state,
                None => sessions.push(state),
            }
        }
        Ok(sessions)
    }
}

impl Samples {
    fn to(file: File) -> Self {
        Samples { file: Arc::new(Mutex::new(file)), written: Arc::default() }
    }

    /// Into a file that no one will find; and the number of readings written.
    pub fn to_nowhere() -> io::Result<(Self, Arc<AtomicU64>)> {
        let path = std::env::temp_dir().join(format!("collect-sample-{}", std::process::id()));
        let samples = Samples::to(File::create_new(&path)?);
        fs::remove_file(&path)?;
        let written = samples.written.clone();
        Ok((samples, written))
    }

    /// Appends readings of one instant in one write.
    pub fn append(&mut self, samples: impl Iterator<Item = Sample>) -> io::Result<()> {
        let mut lines = Vec::new();
        let mut count = 0;
        for sample in samples {
            serde_json::to_writer(&mut lines, &sample)?;
            lines.push(b'\n');
            count += 1;
        }
        self.written.fetch_add(count, Ordering::Relaxed);
        self.file.lock().map_err(poisoned)?.write_all(&lines)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.lock().map_err(poisoned)?.sync_data()
    }
}

fn poisoned<T>(_: T) -> io::Error {
    io::Error::other("a sampling thread failed")
}

fn append(file: &mut File, row: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(row)?;
    line.push(b'\n');
    Ok(file.write_all(&line)?)
}

/// Cuts a file after its last newline.
fn drop_cut_line(path: &Path) -> io::Result<()> {
    let Ok(bytes) = fs::read(path) else { return Ok(()) };
    let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok(())
}

fn read_lines(path: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}: cannot read", path.display()))?;
    text.lines()
        .enumerate()
        .map(|(i, line)| {
            serde_json::from_str(line).with_context(|| {
                format!("{}: line {} is not a row, move the journal away and measure again", path.display(), i + 1)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cut_line_is_dropped_and_the_last_state_of_a_session_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.session(&json!({"session_id": "a", "ended_ns": null})).unwrap();
        journal.run(&json!({"run_id": "r1"})).unwrap();
        journal.run(&json!({"run_id": "r2"})).unwrap();
        journal.session(&json!({"session_id": "a", "ended_ns": 5})).unwrap();
        drop(journal);
        let runs = folder.path().join("runs.jsonl");
        let cut = fs::read(&runs).unwrap();
        fs::write(&runs, &cut[..cut.len() - 4]).unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.read_runs().unwrap().len(), 1);
        journal.run(&json!({"run_id": "r3"})).unwrap();
        let ids: Vec<_> = journal.read_runs().unwrap().iter().map(|r| r["run_id"].clone()).collect();
        assert_eq!(ids, ["r1", "r3"]);
        assert_eq!(journal.read_sessions().unwrap()[0]["ended_ns"], 5);
    }

    #[test]
    fn two_collects_do_not_share_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::open(folder.path()).unwrap();
        let second = Journal::open(folder.path()).err().unwrap().to_string();
        assert!(second.ends_with("journal in use, another `collect` is running, wait for it or stop it"), "{second}");
    }
}

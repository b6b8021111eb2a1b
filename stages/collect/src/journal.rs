//! What was measured, on disk before anything else happens: JSON lines, appended and synced. A killed `collect` loses at
//! most the run it was in, and the next one goes on from here.

use crate::power::sampler::State;
use anyhow::{Context, Result, bail};
use schemas::text::Row;
use serde::Serialize;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Samples are written at least this often, so that a kill loses little; and when there are so many bytes of them.
const WRITE_EVERY: Duration = Duration::from_millis(500);
const WRITE_BYTES: usize = 64 << 10;

/// The folder of one plan: the same configuration on the same machine.
pub struct Journal {
    folder: PathBuf,
    sessions: File,
    runs: File,
    sensors: File,
    samples: Samples,
    /// Held for the life of the journal: one `collect` at a time.
    _lock: File,
}

/// The samples file, shared by the sampling threads: they leave lines in memory, and one in many writes.
#[derive(Clone)]
pub struct Samples {
    file: Arc<File>,
    waiting: Arc<Mutex<Waiting>>,
}

struct Waiting {
    lines: Vec<u8>,
    written: Instant,
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
            sensors: open("sensors.jsonl")?,
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

    /// Appends the state of a session's sensors; the last line of a sensor counts.
    pub fn sensors(&mut self, states: &[State]) -> Result<()> {
        states.iter().try_for_each(|state| append(&mut self.sensors, state))?;
        Ok(self.sensors.sync_data()?)
    }

    pub fn read_runs(&self) -> Result<Vec<Row>> {
        read_lines(&self.folder.join("runs.jsonl"))
    }

    pub fn read_samples(&self) -> Result<Vec<Row>> {
        read_lines(&self.folder.join("samples.jsonl"))
    }

    /// The last state of every session, in order of start.
    pub fn read_sessions(&self) -> Result<Vec<Row>> {
        Ok(last_states(read_lines(&self.folder.join("sessions.jsonl"))?, &["session_id"]))
    }

    /// The last state of every sensor.
    pub fn read_sensors(&self) -> Result<Vec<State>> {
        let states = read_lines(&self.folder.join("sensors.jsonl"))?;
        let last = last_states(states, &["session_id", "device_id", "kind"]).into_iter();
        last.map(|state| serde_json::from_value(state.into()).context("sensors.jsonl: not the state of a sensor"))
            .collect()
    }
}

/// Of rows with the same key the last one, in the place of the first.
fn last_states(rows: Vec<Row>, key: &[&str]) -> Vec<Row> {
    let mut last: Vec<Row> = Vec::new();
    for row in rows {
        match last.iter_mut().find(|l| key.iter().all(|k| l.get(*k) == row.get(*k))) {
            Some(before) => *before = row,
            None => last.push(row),
        }
    }
    last
}

impl Samples {
    fn to(file: File) -> Self {
        let waiting = Waiting { lines: Vec::with_capacity(2 * WRITE_BYTES), written: Instant::now() };
        Samples { file: Arc::new(file), waiting: Arc::new(Mutex::new(waiting)) }
    }

    /// Into a file that no one will find.
    pub fn to_nowhere(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("collect-{name}-{}", std::process::id()));
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path)?;
        fs::remove_file(&path)?;
        Ok(Samples::to(file))
    }

    /// Everything in a file that no one will find.
    pub fn read_back(&self) -> Result<Vec<Row>> {
        self.write()?;
        let mut text = String::new();
        (&*self.file).rewind()?;
        (&*self.file).read_to_string(&mut text)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Appends whole lines.
    pub fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut waiting = self.waiting.lock().map_err(poisoned)?;
        waiting.lines.extend_from_slice(lines);
        match waiting.lines.len() >= WRITE_BYTES || waiting.written.elapsed() >= WRITE_EVERY {
            true => waiting.write(&self.file),
            false => Ok(()),
        }
    }

    /// Writes what waits in memory.
    pub fn write(&self) -> io::Result<()> {
        self.waiting.lock().map_err(poisoned)?.write(&self.file)
    }

    /// Writes and syncs. No sampling thread waits for the disk.
    fn sync(&self) -> io::Result<()> {
        self.write()?;
        self.file.sync_data()
    }
}

impl Waiting {
    fn write(&mut self, mut file: &File) -> io::Result<()> {
        self.written = Instant::now();
        let written = file.write_all(&self.lines);
        self.lines.clear();
        written
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
    fn samples_wait_in_memory_and_are_on_disk_before_their_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let samples = journal.samples();
        let written = || fs::read_to_string(folder.path().join("samples.jsonl")).unwrap().lines().count();
        samples.append(b"{\"t_ns\":1}\n").unwrap();
        samples.append(b"{\"t_ns\":2}\n").unwrap();
        assert_eq!(written(), 0);
        journal.run(&json!({"run_id": "r1"})).unwrap();
        assert_eq!(written(), 2);
        samples.append(&b"{\"t_ns\":3}\n".repeat(WRITE_BYTES / 11 + 1)).unwrap();
        assert!(written() > 2, "many are written at once");
        let many = written();
        samples.append(b"{\"t_ns\":4}\n").unwrap();
        std::thread::sleep(WRITE_EVERY);
        samples.append(b"{\"t_ns\":5}\n").unwrap();
        assert_eq!(written(), many + 2, "and a few after a while");
    }

    #[test]
    fn the_last_state_of_a_sensor_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let state = |device_id: &str, errors| State {
            session_id: "s".into(),
            device_id: device_id.into(),
            kind: crate::power::Kind::Counter,
            scope: crate::power::Scope::Gpu,
            source: "nvml".into(),
            label: None,
            missed: 0,
            errors,
            last_error: None,
            averaging_ms: None,
            is_averaging_assumed: false,
            error_w: None,
            error_pct: None,
            cost_pct: 0.1,
        };
        journal.sensors(&[state("a", 0), state("b", 0)]).unwrap();
        journal.sensors(&[state("a", 3), state("b", 0)]).unwrap();
        let read = journal.read_sensors().unwrap();
        assert_eq!(read.iter().map(|s| (s.device_id.as_str(), s.errors)).collect::<Vec<_>>(), [("a", 3), ("b", 0)]);
    }

    #[test]
    fn two_collects_do_not_share_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::open(folder.path()).unwrap();
        let second = Journal::open(folder.path()).err().unwrap().to_string();
        assert!(second.ends_with("journal in use, another `collect` is running, wait for it or stop it"), "{second}");
    }
}

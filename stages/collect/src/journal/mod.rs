//! What was measured, on disk before anything else happens: JSON lines with checksums, appended and synced. A killed `collect` loses at
//! most the run it was in, and the next one goes on from here.

mod disk;
mod lines;
mod table;

use anyhow::{Context, Result, bail};
use disk::{Waiting, cannot_write, patiently};
use schemas::{
    tables::{RUN, SESSION},
    text::Row,
};
use sensor::State;
use serde::Serialize;
use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

pub use lines::seal;
use lines::{Damaged, key, last_states};

/// Samples are written at least this often, so that a kill loses little; and when there are so many bytes of them.
const WRITE_EVERY: Duration = Duration::from_millis(500);
const WRITE_BYTES: usize = 64 << 10;

/// The folder of one plan: the same configuration on the same processor.
pub struct Journal {
    pub folder: PathBuf,
    sessions: LineFile,
    runs: LineFile,
    sensors: LineFile,
    samples: LineFile,
    finished: Vec<Row>,
    /// Held for the life of the journal: one `collect` at a time.
    _lock: File,
    /// Why nothing can be appended.
    read_only: Option<io::Error>,
}

/// A file of lines. That of samples is shared by the sampling threads: they leave lines in memory, and one in many writes.
#[derive(Clone)]
pub struct LineFile {
    path: PathBuf,
    file: Arc<File>,
    waiting: Arc<Mutex<Waiting>>,
}

/// The folder of a plan below `root`: its own, or one in which an earlier version measured the same configuration on the same processor
/// and named the folder after the host.
pub fn folder_of(root: &Path, plan_id: &str, config_sha256: &str, cpu: &str) -> PathBuf {
    let own = root.join(plan_id);
    if own.exists() {
        return own;
    }
    let is_same = |row: &Row| {
        row.get("config_sha256").is_some_and(|v| v == config_sha256) && row.get("cpu").is_some_and(|v| v == cpu)
    };
    let measured = |folder: PathBuf| {
        let (sessions, _) = lines::rows(&folder.join("sessions.jsonl"), is_column_of(&SESSION)).ok()?;
        let bytes = fs::metadata(folder.join("runs.jsonl")).ok()?.len();
        sessions.iter().any(is_same).then_some((bytes, folder))
    };
    let folders = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter_map(measured).max().map_or(own, |(_, folder)| folder)
}

fn is_column_of(contract: &'static schemas::Contract) -> impl Fn(&str) -> bool {
    |name| contract.index(name).is_some()
}

impl Journal {
    /// Opens or creates the journal of a plan. A line cut by a kill is dropped; runs that are damaged or no rows of the contract are left
    /// out and said, so that they are measured again.
    pub fn open(folder: &Path) -> Result<Self> {
        schemas::partial::make(folder).with_context(|| format!("{}: cannot create the journal", folder.display()))?;
        let (lock, read_only) = disk::lockable(folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{}: journal in use, another `collect` is running, wait for it or stop it", folder.display())
            }
            Err(TryLockError::Error(e)) => {
                bail!("{}: cannot be locked, {e}, give --journal a folder on a local disk", folder.display())
            }
        }
        let open = |name: &str| -> Result<LineFile> {
            let path = folder.join(name);
            if read_only.is_none() {
                lines::drop_cut_line(&path).with_context(|| format!("{}: cannot repair", path.display()))?;
            }
            let file = match read_only {
                None => OpenOptions::new().create(true).read(true).append(true).open(&path),
                Some(_) => File::open(&path),
            };
            let file = file.with_context(|| format!("{}: cannot open", path.display()))?;
            Ok(LineFile::new(path, file)?)
        };
        let mut journal = Journal {
            sessions: open("sessions.jsonl")?,
            runs: open("runs.jsonl")?,
            sensors: open("sensors.jsonl")?,
            samples: open("samples.jsonl")?,
            finished: Vec::new(),
            folder: folder.into(),
            _lock: lock,
            read_only,
        };
        // Names of new files, too, are to be there after a power cut.
        File::open(folder).and_then(|f| f.sync_all()).with_context(|| format!("{}: cannot sync", folder.display()))?;
        journal.finished = read_runs(&journal.runs.path)?;
        Ok(journal)
    }

    /// Refuses to measure into a journal that can only be read. Its tables can still be made.
    pub fn refuse_read_only(&self, to_go: usize) -> Result<()> {
        let Some(cause) = &self.read_only else { return Ok(()) };
        let (folder, remedy) = (self.folder.display(), schemas::error::remedy(&cause.to_string()));
        bail!("{folder}: cannot write the journal, {cause}, {to_go} runs are still to be measured, {remedy}")
    }

    pub fn samples(&self) -> &LineFile {
        &self.samples
    }

    /// Appends the state of a session; the last line of a session counts.
    pub fn session(&mut self, session: &impl Serialize) -> Result<()> {
        Ok(self.sessions.append_synced(&lines::sealed(session)?)?)
    }

    /// Appends a finished run. Its samples are synced first.
    pub fn run(&mut self, run: &impl Serialize) -> Result<()> {
        self.samples.flush()?;
        self.runs.append_synced(&lines::sealed(run)?)?;
        self.finished.extend(serde_json::from_value::<Row>(serde_json::to_value(run)?));
        Ok(())
    }

    /// Appends the state of a session's sensors; the last line of a sensor counts.
    pub fn sensors(&mut self, states: &[State]) -> Result<()> {
        let lines = states.iter().map(lines::sealed).collect::<Result<Vec<_>>>()?.concat();
        Ok(self.sensors.append_synced(&lines)?)
    }

    /// Every run that is finished, once.
    pub fn runs(&self) -> &[Row] {
        &self.finished
    }

    /// The last state of every session, in order of start. Of a session whose lines were lost there is what its runs say.
    pub fn read_sessions(&self) -> Result<Vec<Row>> {
        let mut sessions = last_states(accepted(&self.sessions.path, &SESSION, "")?, &["session_id"]);
        let known: HashSet<Row> = sessions.iter().map(|s| key(s, &["session_id"])).collect();
        let lost: HashSet<Row> =
            self.finished.iter().map(|r| key(r, &["session_id"])).filter(|k| !known.contains(k)).collect();
        if !lost.is_empty() {
            let path = self.sessions.path.display();
            eprintln!("collect: {path}: {} sessions are lost, their host and idle power are unknown", lost.len());
        }
        sessions.extend(lost.into_iter().map(|mut session| {
            session.insert("source".into(), "measured".into());
            session
        }));
        Ok(sessions)
    }

    /// The last state of every sensor.
    pub fn read_sensors(&self) -> Result<Vec<State>> {
        let mut states = Vec::new();
        let damaged = self.sensors.read(|line| {
            let row = serde_json::from_slice::<Row>(line).ok();
            let row = row.filter(|row| serde_json::from_value::<State>(row.clone().into()).is_ok());
            states.extend(row.clone());
            row.is_some()
        })?;
        damaged.say(&self.sensors.path, "");
        let last = last_states(states, &["session_id", "device_id", "kind"]).into_iter();
        Ok(last.filter_map(|state| serde_json::from_value(state.into()).ok()).collect())
    }
}

/// Reads the rows of a file that fit its contract. It warns of the others, and of what their loss means.
fn accepted(path: &Path, contract: &'static schemas::Contract, then: &str) -> Result<Vec<Row>> {
    let (mut rows, mut damaged) = lines::rows(path, is_column_of(contract))?;
    let read = rows.len();
    rows.retain(|row| schemas::check::refusal(contract, row).is_none());
    damaged.lines += read - rows.len();
    damaged.say(path, then);
    Ok(rows)
}

/// Runs as they were written, each once.
fn read_runs(path: &Path) -> Result<Vec<Row>> {
    let mut rows = accepted(path, &RUN, ": those runs are measured again")?;
    let mut seen = HashSet::new();
    let read = rows.len();
    rows.retain(|row| seen.insert(row.get("run_id").cloned()));
    if rows.len() < read {
        eprintln!("collect: {}: {} runs are there twice, the first counts", path.display(), read - rows.len());
    }
    Ok(rows)
}

impl LineFile {
    fn new(path: PathBuf, file: File) -> io::Result<Self> {
        let waiting = Waiting::after(file.metadata()?.len());
        Ok(LineFile { path, file: Arc::new(file), waiting: Arc::new(Mutex::new(waiting)) })
    }

    /// Into a file that no one will find.
    pub fn to_nowhere(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("collect-{name}-{}", std::process::id()));
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path)?;
        fs::remove_file(&path)?;
        LineFile::new(path, file)
    }

    /// Calls `each` with every undamaged line that was written.
    pub fn read(&self, each: impl FnMut(&[u8]) -> bool) -> Result<Damaged> {
        (&*self.file).rewind()?;
        lines::each_in(&*self.file, &self.path, each)
    }

    /// Takes whole lines. They are kept while they cannot be written; the error is that there are too many of them.
    pub fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut waiting = self.waiting.lock().map_err(poisoned)?;
        let fits = waiting.push(lines);
        let is_due = waiting.is_due(WRITE_BYTES, WRITE_EVERY);
        let written = if is_due { waiting.write(&*self.file) } else { Ok(()) };
        match (fits, written) {
            (true, _) => Ok(()),
            (false, written) => Err(written.err().unwrap_or_else(|| io::ErrorKind::StorageFull.into())),
        }
    }

    /// Appends whole lines and syncs them.
    fn append_synced(&self, lines: &[u8]) -> io::Result<()> {
        self.append(lines).map_err(|e| cannot_write(&self.path, &e))?;
        self.flush()
    }

    /// Writes what waits and syncs, and waits for a full disk. No sampling thread waits for the disk.
    pub fn flush(&self) -> io::Result<()> {
        patiently(&self.path, || {
            self.waiting.lock().map_err(poisoned)?.write(&*self.file)?;
            self.file.sync_data()
        })
    }
}

fn poisoned<T>(_: T) -> io::Error {
    io::Error::other("a sampling thread failed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Run;
    use serde_json::json;

    fn run(run_id: &str) -> Run {
        let text = String::from;
        let known = Run {
            session_id: text("a"),
            run_id: text(run_id),
            status: text("ok"),
            backend: text("b"),
            device: text("cpu"),
            ..Run::default()
        };
        Run {
            dtype: text("f32"),
            model: text("m"),
            weights: text("real"),
            mode: text("generate"),
            scenario: text("s"),
            ..known
        }
    }

    #[test]
    fn a_cut_line_is_dropped_and_the_last_state_of_a_session_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.session(&json!({"session_id": "a", "source": "measured", "ended_ns": null})).unwrap();
        journal.run(&run("r1")).unwrap();
        journal.run(&run("r2")).unwrap();
        journal.session(&json!({"session_id": "a", "source": "measured", "ended_ns": 5})).unwrap();
        drop(journal);
        let runs = folder.path().join("runs.jsonl");
        let cut = fs::read(&runs).unwrap();
        fs::write(&runs, &cut[..cut.len() - 4]).unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.runs().len(), 1);
        journal.run(&run("r3")).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        let ids: Vec<_> = journal.runs().iter().map(|r| r["run_id"].clone()).collect();
        assert_eq!(ids, ["r1", "r3"]);
        assert_eq!(journal.read_sessions().unwrap()[0]["ended_ns"], 5);
    }

    #[test]
    fn samples_wait_in_memory_and_are_on_disk_before_their_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let samples = journal.samples().clone();
        let written = || fs::read_to_string(folder.path().join("samples.jsonl")).unwrap().lines().count();
        samples.append(b"{\"t_ns\":1}\n").unwrap();
        samples.append(b"{\"t_ns\":2}\n").unwrap();
        assert_eq!(written(), 0);
        journal.run(&run("r1")).unwrap();
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
            sensor: sensor::Sensor::new(device_id, sensor::Kind::Counter, sensor::Scope::Gpu),
            source: "nvml".into(),
            missed: 0,
            errors,
            last_error: None,
            cost_pct: 0.1,
        };
        journal.sensors(&[state("a", 0), state("b", 0)]).unwrap();
        journal.sensors(&[state("a", 3), state("b", 0)]).unwrap();
        let read = journal.read_sensors().unwrap();
        assert_eq!(
            read.iter().map(|s| (s.sensor.device_id.as_str(), s.errors)).collect::<Vec<_>>(),
            [("a", 3), ("b", 0)]
        );
    }

    #[test]
    fn two_collects_do_not_share_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::open(folder.path()).unwrap();
        let second = Journal::open(folder.path()).err().unwrap().to_string();
        assert!(second.ends_with("journal in use, another `collect` is running, wait for it or stop it"), "{second}");
    }

    #[test]
    fn runs_that_are_no_rows_are_measured_again_and_a_lost_session_is_what_its_runs_say() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        for (id, ttft_ms, iterations) in
            [("r1", None, None), ("r2", Some(-5.0), None), ("r3", None, Some(1 << 63)), ("r1", None, None)]
        {
            journal.run(&Run { ttft_ms, iterations, ..run(id) }).unwrap();
        }
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.runs().iter().map(|r| r["run_id"].as_str().unwrap()).collect::<Vec<_>>(), ["r1"]);
        let lost = json!([{"session_id": "a", "source": "measured"}]);
        assert_eq!(serde_json::to_value(journal.read_sessions().unwrap()).unwrap(), lost);
    }

    #[test]
    fn a_plan_is_found_where_an_earlier_version_put_it() {
        let root = tempfile::tempdir().unwrap();
        let find = |cpu| folder_of(root.path(), "new", "abc", cpu);
        assert_eq!(find("x"), root.path().join("new"));
        for (name, sha) in [("by-host", "abc"), ("another", "abd")] {
            let mut journal = Journal::open(&root.path().join(name)).unwrap();
            journal
                .session(
                    &json!({"session_id": name, "source": "measured", "config_sha256": sha, "cpu": "x", "host": "h"}),
                )
                .unwrap();
        }
        assert_eq!(find("x"), root.path().join("by-host"));
        assert_eq!(find("another processor"), root.path().join("new"));
        fs::create_dir(root.path().join("new")).unwrap();
        assert_eq!(find("x"), root.path().join("new"));
    }
}

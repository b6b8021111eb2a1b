//! A command of one's own that prints `t_unix_ns,power_w` lines: a smart plug, a BMC, a power meter.
//!
//! The lines are stamped by the command; a look takes what has been printed since the last one and waits for nothing. The
//! command is started once, in a process group of its own, and killed at the end, also when this process is killed. When it
//! ends before, or prints something else, errors are counted and say which line.

use super::source::{Look, Reading, Settings, Source, Values, new_sensor};
use crate::{
    children::Listened,
    names::{command_fault, name_fault},
};
use protocol::peer;
use schemas::config::Fault;
use sensor::{Kind, Scope, Sensor};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long opening waits for a first line, so that a command that cannot work is refused; a slow meter may take longer.
const FIRST_LINE: Duration = Duration::from_secs(3);
/// How long a command that closed its output may take to end, and its last complaint to arrive.
const ENDING: Duration = Duration::from_millis(500);
/// Longest line that is read as one.
const LINE_BYTES: u64 = 1024;
/// Lines that may wait for a look; a command that is faster waits.
const WAITING: usize = 1024;
/// A stamp further off the clock is no nanoseconds of UTC.
const OFF_NS: i64 = 3_600_000_000_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Tells it from another `external`.
    pub name: String,
    pub command: Vec<PathBuf>,
    #[serde(default = "instant")]
    pub kind: Kind,
    /// How often its output is looked at.
    pub sample_hz: f64,
    pub required: bool,
}

fn instant() -> Kind {
    Kind::Instant
}

enum Said {
    Power(i64, f64),
    Rubbish(String),
}

struct External {
    sensors: [Sensor; 1],
    child: Listened,
    said: Receiver<Said>,
    first: Option<Said>,
    last_ns: Option<i64>,
    ended: bool,
}

impl Settings for Config {
    fn required(&self) -> bool {
        self.required
    }

    fn fault(&self) -> Option<Fault> {
        let kind = || {
            let what = "external prints power: kind is instant, average or interval_mean";
            matches!(self.kind, Kind::Counter | Kind::Model).then(|| Fault::new("kind", what, self.kind.name()))
        };
        name_fault("name", &self.name).or_else(|| command_fault("external", &self.name, &self.command)).or_else(kind)
    }
}

pub fn open(config: &Config) -> Result<Box<dyn Source>, String> {
    let (program, arguments) = config.command.split_first().ok_or("no command")?;
    let mut command = Command::new(program);
    let (child, out) = Listened::spawn(command.args(arguments).stdin(Stdio::null()))
        .map_err(|e| format!("{}: cannot start, {e}, correct `command`", program.display()))?;
    let (sender, said) = sync_channel(WAITING);
    std::thread::spawn(move || lines(out, &sender));
    let sensors = [new_sensor(&format!("external:{}", config.name), config.kind, Scope::Node)];
    let mut external = External { sensors, child, said, first: None, last_ns: None, ended: false };
    match external.said.recv_timeout(FIRST_LINE) {
        Ok(Said::Rubbish(why)) => Err(why),
        Ok(power) => {
            external.first = Some(power);
            Ok(Box::new(external))
        }
        Err(RecvTimeoutError::Timeout) => Ok(Box::new(external)),
        Err(RecvTimeoutError::Disconnected) => Err(external.end()),
    }
}

/// Sends what each line says until the output ends or no one listens.
fn lines(out: impl Read, to: &SyncSender<Said>) {
    let mut out = BufReader::new(out);
    let (mut line, mut count) = (Vec::new(), 0);
    let mut before_ns = i64::MIN;
    loop {
        line.clear();
        if !matches!(out.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line), Ok(1..)) {
            return;
        }
        count += 1;
        let text = String::from_utf8_lossy(&line);
        let said = match parse(text.trim(), utc_ns(), before_ns) {
            Ok((t_ns, watts)) => {
                before_ns = t_ns;
                Said::Power(t_ns, watts)
            }
            Err(what) => Said::Rubbish(format!("line {count} {what}, \"{}\", correct `command`", peer::words(&text))),
        };
        if to.send(said).is_err() {
            return;
        }
    }
}

fn utc_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i64)
}

/// Instant and watts of a line, or what is wrong with it.
fn parse(line: &str, now_ns: i64, before_ns: i64) -> Result<(i64, f64), &'static str> {
    let fields = line.split_once(',');
    let numbers = fields.and_then(|(t, w)| Some((t.trim().parse::<i64>().ok()?, w.trim().parse::<f64>().ok()?)));
    match numbers {
        Some((t_ns, _)) if (t_ns.saturating_sub(now_ns)).saturating_abs() > OFF_NS => {
            Err("is over an hour off the clock in UTC nanoseconds")
        }
        Some((t_ns, _)) if t_ns <= before_ns => Err("is not later than the line before it"),
        Some((t_ns, watts)) if watts.is_finite() => Ok((t_ns, watts)),
        _ => Err("is not `t_unix_ns,power_w`"),
    }
}

impl External {
    /// The command has closed its output: how it ended, and the last thing it complained of.
    fn end(&mut self) -> String {
        self.ended = true;
        let status = self.child.ended(ENDING);
        let status = status.map_or_else(|| "its output closed".into(), |status| status.to_string());
        self.child.kill();
        let last = self.child.last_words(ENDING).unwrap_or_else(|| "it complained of nothing".into());
        format!("command ended, {status}: {}, correct `command`", peer::words(&last))
    }

    fn take(&mut self, said: Said, look: &mut Look) {
        match said {
            Said::Power(t_ns, watts) => {
                self.last_ns = Some(t_ns);
                let values = Values { power_w: Some(watts), ..Values::default() };
                look.readings.push(Reading { sensor: 0, utc_ns: Some(t_ns), values });
            }
            Said::Rubbish(why) => look.fail(0, format!("{}: {why}", self.sensors[0].device_id)),
        }
    }
}

impl Source for External {
    fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    fn read(&mut self, look: &mut Look) {
        if let Some(first) = self.first.take() {
            self.take(first, look);
        }
        while !self.ended {
            match self.said.try_recv() {
                Ok(said) => self.take(said, look),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    let why = self.end();
                    look.fail(0, format!("{}: {why}", self.sensors[0].device_id));
                }
            }
        }
    }

    fn spoken_until(&self) -> Option<i64> {
        (!self.ended).then_some(self.last_ns.unwrap_or(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn open(script: &str) -> Result<Box<dyn Source>, String> {
        let command = ["sh", "-c", script].map(PathBuf::from).into();
        super::open(&Config { name: "plug".into(), command, kind: Kind::Instant, sample_hz: 10.0, required: true })
    }

    #[test]
    fn a_line_is_an_instant_near_now_after_the_last_and_a_power() {
        let hour = OFF_NS;
        assert_eq!(parse("1000,12.5", 0, 999), Ok((1000, 12.5)));
        assert_eq!(parse("1000 , -3e1", 0, 0), Ok((1000, -30.0)));
        assert_eq!(parse("1000,12.5", 0, 1000), Err("is not later than the line before it"));
        assert_eq!(parse("1700000000,5", hour * 2, 0), Err("is over an hour off the clock in UTC nanoseconds"));
        for rubbish in ["", "1000", "1000,", "1000,NaN", "1000,inf", "1e3,5", "t_unix_ns,power_w", "1000;5"] {
            assert_eq!(parse(rubbish, 0, 0), Err("is not `t_unix_ns,power_w`"), "{rubbish}");
        }
    }

    #[test]
    fn a_command_that_cannot_work_is_refused_when_it_is_opened() {
        assert_eq!(
            open("echo watts=12; sleep 9").err().unwrap(),
            "line 1 is not `t_unix_ns,power_w`, \"watts=12\", correct `command`"
        );
        assert_eq!(
            open("echo no such plug >&2; exit 3").err().unwrap(),
            "command ended, exit status: 3: no such plug, correct `command`"
        );
        let gone = Config {
            name: "plug".into(),
            command: vec!["/no/such/meter".into()],
            kind: Kind::Instant,
            sample_hz: 1.0,
            required: true,
        };
        assert_eq!(
            super::open(&gone).err().unwrap(),
            "/no/such/meter: cannot start, No such file or directory (os error 2), correct `command`"
        );
    }

    #[test]
    fn lines_are_read_as_they_come_rubbish_and_the_end_are_failures() {
        let mut source = open("echo $(date +%s%N),41.5; echo hello; echo $(date +%s%N),43; sleep 0.3; exit 4").unwrap();
        let mut look = Look::default();
        let started = Instant::now();
        while look.failures.len() < 2 && started.elapsed() < Duration::from_secs(9) {
            source.read(&mut look);
            std::thread::sleep(Duration::from_millis(5));
        }
        let watts: Vec<_> = look.readings.iter().map(|r| r.values.power_w).collect();
        assert_eq!(watts, [Some(41.5), Some(43.0)]);
        assert!((look.readings[0].utc_ns.unwrap() - utc_ns()).abs() < 10_000_000_000);
        let failed: Vec<_> = look.failures.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(
            failed,
            [
                "external:plug: line 2 is not `t_unix_ns,power_w`, \"hello\", correct `command`",
                "external:plug: command ended, exit status: 4: it complained of nothing, correct `command`"
            ]
        );
        assert_eq!(source.spoken_until(), None, "no one waits for it any more");
        look.clear();
        source.read(&mut look);
        assert!(look.readings.is_empty() && look.failures.is_empty(), "an end is told once");
    }

    #[test]
    fn reading_waits_for_nothing_and_dropping_kills_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let script = format!("sleep 60 & echo $$ $! > {}; echo $(date +%s%N),1; wait", pids.display());
        let mut source = open(&script).unwrap();
        let started = Instant::now();
        for _ in 0..100 {
            source.read(&mut Look::default());
        }
        assert!(started.elapsed() < Duration::from_secs(1));
        drop(source);
        let alive = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
        };
        let pids = std::fs::read_to_string(pids).unwrap();
        let until = Instant::now() + Duration::from_secs(2);
        while pids.split_whitespace().any(alive) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(pids.split_whitespace().filter(|pid| alive(pid)).count(), 0, "{pids}");
    }
}

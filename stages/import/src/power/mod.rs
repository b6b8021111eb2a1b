//! Power and energy logs of other tools as `power_sample` and `sensor`.
//!
//! A new format is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports`. Its reader gives the
//! [`sink`] sensors, instants and readings; order, repeated instants, zones, memory, checks and tables are the sink's.

mod sink;
#[cfg(test)]
mod tests;

use crate::read::{
    decode::{self, Lines, Utf8},
    fault::{self, Fault, Result},
    zone::{DateOrder, Zone},
};
use schemas::Provenance;
use sensor::Scope;
use serde::de::DeserializeOwned;
use sink::{Sink, cover, write};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

formats! {
    nvidia_smi, dmon, dcgm, zeus, codecarbon, rapl, powermetrics, turbostat, ptdaemon, amd_smi, rocm_smi, tegrastats, hwinfo, shelly,
    tasmota, home_assistant, aiperf_telemetry, generic,
}

/// One way in which power is logged.
pub struct Format {
    pub name: &'static str,
    /// For the help: what it is.
    pub about: &'static str,
    /// Whether a file that begins like this is one.
    pub recognises: fn(&str) -> bool,
    pub read: fn(Source, &mut Sink) -> Result<()>,
}

/// The bytes of one log.
pub struct Source<'a>(Box<dyn Read + 'a>);

impl<'a> Source<'a> {
    pub fn new(bytes: impl Read + 'a) -> Self {
        Source(Box::new(bytes))
    }

    pub fn lines(self) -> Result<Lines<Box<dyn Read + 'a>>> {
        Ok(Lines::new(self.0, decode::LONGEST)?)
    }

    /// Its beginning as text, and all of it again.
    pub fn peek(mut self) -> Result<(String, Source<'a>)> {
        let mut head = Vec::new();
        (&mut self.0).take(64).read_to_end(&mut head)?;
        let text = String::from_utf8_lossy(&head).replace(['\0', '\u{feff}', '\u{fffd}'], "");
        Ok((text, Source::new(std::io::Cursor::new(head).chain(self.0))))
    }

    /// All of it as text: for logs that are one JSON document.
    fn text(self) -> Result<String> {
        let mut bytes = Vec::new();
        Utf8::new(self.0)?.take(DOCUMENT_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > DOCUMENT_BYTES {
            let value = format!("more than {} MiB", DOCUMENT_BYTES >> 20);
            return Err(Fault::new(
                "too large for one JSON document",
                value,
                "ask for a shorter time, and import the parts together",
            ));
        }
        Ok(decode::text(&bytes).into_owned())
    }

    /// One JSON document.
    pub fn document<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_str(&self.text()?).map_err(|e| no_json(&e))
    }

    /// JSON documents, one after another; `each` is given the number of each, from 1.
    pub fn values(self, each: &mut dyn FnMut(u64, serde_json::Value) -> Result<()>) -> Result<()> {
        let text = self.text()?;
        let values = serde_json::Deserializer::from_str(&text).into_iter();
        (1..).zip(values).try_for_each(|(number, value)| each(number, value.map_err(|e| no_json(&e))?))
    }
}

/// Largest document that is read at once.
const DOCUMENT_BYTES: u64 = 256 << 20;

fn no_json(error: &serde_json::Error) -> Fault {
    let remedy = if error.is_eof() { "the file is cut: save it again" } else { "give the answer as it came" };
    Fault::new("not the JSON that this format has", error, remedy).at(error.line() as u64)
}

/// The end of the help: what is read.
fn formats() -> String {
    let line = |f: &Format| format!("\n  {:<18} {}", f.name, f.about);
    format!("Formats, described in docs/imports:{}", ALL.iter().map(line).collect::<String>())
}

/// Units that columns of power are in.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum PowerUnit {
    #[value(name = "uW")]
    Microwatt,
    #[value(name = "mW")]
    Milliwatt,
    #[value(name = "W")]
    Watt,
    #[value(name = "kW")]
    Kilowatt,
}

impl PowerUnit {
    /// W of one unit. Readers take a column that names no unit for W.
    fn factor(self) -> f64 {
        match self {
            PowerUnit::Microwatt => 1e-6,
            PowerUnit::Milliwatt => 1e-3,
            PowerUnit::Watt => 1.0,
            PowerUnit::Kilowatt => 1e3,
        }
    }
}

/// A length of time in ms, 0 for a sensor that does not average.
fn averaging_ms(text: &str) -> std::result::Result<f64, String> {
    let ms: f64 = text.parse().map_err(|_| "not a number of milliseconds".to_string())?;
    if (0.0..=600_000.0).contains(&ms) { Ok(ms) } else { Err("not between 0 and 600000 milliseconds".into()) }
}

#[derive(Debug, Default, clap::Args)]
#[command(after_help = formats())]
pub struct Options {
    /// Logs as the tools wrote them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Folder for the tables; runs that lie there must be covered
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Format of all files [default: recognised]
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Zone of times that name none: Europe/Berlin, +02:00, UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub tz: Option<Zone>,
    /// Added to every time of the logs: how far their clock was behind
    #[arg(
        long = "shift-ms",
        alias = "offset-ms",
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub offset_ms: i64,
    /// Time over which the sensors average their power [default: by board and driver, or found from the runs]
    #[arg(long, value_name = "MS", value_parser = averaging_ms)]
    pub averages_over: Option<f64>,
    /// Unit of powers whose column names none or a wrong one
    #[arg(long, value_enum, ignore_case = true)]
    pub power_unit: Option<PowerUnit>,
    /// GPUs that the runs used, by index or UUID [default: all in the log]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub gpus: Vec<String>,
    /// Time between readings of a log that has no times
    #[arg(long, value_name = "N")]
    pub interval_ms: Option<f64>,
    /// When a log began that has no date
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Which of several: column, window, entity, channel, rail or run, as the format's page says
    #[arg(long, value_name = "NAME")]
    pub select: Vec<String>,
    /// Whether day or month comes first in dates like 03/04/2026
    #[arg(long, value_enum, default_value_t)]
    pub date_order: DateOrder,
    /// Take logs that do not cover every run; the energy of such runs stays unknown
    #[arg(long)]
    pub partial: bool,
}

/// The format of a file: the one asked for, or the first that knows its beginning.
fn format(path: &Path, asked: Option<&str>) -> Result<&'static Format> {
    let known = || ALL.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = asked {
        let unknown = || Fault::new("no such format of power logs", name, format!("use one of {}", known()));
        return ALL.iter().find(|f| f.name == name).ok_or_else(unknown);
    }
    let head = decode::head(path)?;
    if head.trim().is_empty() {
        return Err(Fault::new("empty file", format!("{} bytes", head.len()), "give the log that the tool wrote"));
    }
    let unknown = || {
        let first = head.lines().next().unwrap_or("");
        let remedy = format!("say which it is with --format, one of {}", known());
        Fault::new("not recognised", fault::quoted(first), remedy).at(1)
    };
    ALL.iter().find(|f| (f.recognises)(&head)).ok_or_else(unknown)
}

pub fn import(options: &Options) -> anyhow::Result<()> {
    crate::session::refuse_measured_folder(&options.into)?;
    let mut sink = Sink::new(options);
    let mut remarks: Vec<String> = Vec::new();
    let mut provenance = Provenance::new("import", serde_json::Value::Null);
    for (at, path) in options.files.iter().enumerate() {
        let format = format(path, options.format.as_deref()).map_err(|f| f.of(path))?;
        let hashed = std::thread::scope(|threads| {
            let mut by = provenance.clone();
            let hash = threads.spawn(move || by.input(path).map(|()| by));
            sink.begin(at, format.name);
            let read =
                File::open(path).map_err(Fault::from).and_then(|file| (format.read)(Source::new(file), &mut sink));
            read.and_then(|()| sink.end()).map_err(|f| f.of(path))?;
            hash.join()
                .map_err(|_| anyhow::anyhow!("{}: hashing it failed", path.display()))?
                .map_err(anyhow::Error::from)
        });
        provenance = hashed?;
        remarks.extend(sink.notes.texts().into_iter().map(|note| format!("{}: {note}", path.display())));
    }
    sink.notes = Default::default();
    sink.check(&options.files)?;
    let first = options.files.first().map_or(Path::new(""), |p| p.as_path());
    cover::check(&mut sink, &cover::runs(&options.into)?, first)?;
    say_of_gpus(&mut sink);
    remarks.extend(sink.notes.texts().into_iter().map(|note| format!("{}: {note}", options.into.display())));
    sink.name_boards(&cover::boards(&options.into)?);
    let told = write::write(&sink, &options.into, &provenance)?;
    remarks.iter().for_each(|remark| eprintln!("import: {remark}"));
    print!("{}", write::said(&told));
    Ok(())
}

/// Whose energy it is: a run may have used fewer GPUs than the log has, and a GPU may have said nothing.
fn say_of_gpus(sink: &mut Sink) {
    let (gpus, taken) = sink.gpus();
    let (count, names) = (gpus.len(), gpus.join(", "));
    let silent: Vec<&str> =
        sink.known.iter().filter(|k| k.readings == 0).map(|k| k.sensor.device_id.as_str()).collect();
    let partial = format!(
        "partial: {} of {} sensors have readings, not {}",
        sink.known.len() - silent.len(),
        sink.known.len(),
        silent.join(", ")
    );
    if !silent.is_empty() {
        sink.notes.say(partial);
    }
    let mut meters: Vec<&str> =
        sink.known.iter().filter(|k| k.sensor.scope == Scope::Node).map(|k| k.sensor.device_id.as_str()).collect();
    meters.dedup();
    if meters.len() > 1 {
        let said = format!("{} meters of whole machines are added up: {}", meters.len(), meters.join(", "));
        sink.notes.say(said);
    }
    if sink.options.gpus.is_empty() && count > 1 {
        sink.notes
            .say(format!("the log has {count} GPUs ({names}) and all count: --gpus names those that the runs used"));
        sink.notes.say(format!(
            "prices are of one GPU unless the runs' device is named as several: --device \"{count}x NAME\""
        ));
    } else if taken < count {
        sink.notes.say(format!("{taken} of {count} GPUs ({names}) are taken, the energy of the others is left out"));
    }
}

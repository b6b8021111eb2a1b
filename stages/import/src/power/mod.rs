//! Power and energy logs of other tools as `power_sample` and `sensor`.
//!
//! A new format is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports`. Its reader gives the
//! [`sink`] sensors, instants and readings; order, repeated instants, zones, memory, checks and tables are the sink's.

mod sink;
#[cfg(test)]
mod tests;

use crate::{
    read::{
        fault::say,
        format::{self, formats},
        source::Source,
        zone::DateOrder,
    },
    session::{self, Files},
};
use schemas::Provenance;
use sensor::Scope;
use sink::{Sink, cover, summary, totals::Energies, write};
use std::path::Path;

formats! {
    Sink: nvidia_smi, dmon, dcgm, zeus, codecarbon, rapl, powermetrics, turbostat, ptdaemon, amd_smi, rocm_smi, tegrastats, hwinfo, shelly,
    tasmota, home_assistant, aiperf_telemetry, generic,
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

/// Units that columns of energy are in.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum EnergyUnit {
    #[value(name = "uJ")]
    Microjoule,
    #[value(name = "mJ")]
    Millijoule,
    #[value(name = "J")]
    Joule,
    #[value(name = "Wh")]
    WattHour,
    #[value(name = "kWh")]
    KilowattHour,
}

impl EnergyUnit {
    /// J of one unit.
    fn factor(self) -> f64 {
        match self {
            EnergyUnit::Microjoule => 1e-6,
            EnergyUnit::Millijoule => 1e-3,
            EnergyUnit::Joule => 1.0,
            EnergyUnit::WattHour => 3600.0,
            EnergyUnit::KilowattHour => 3.6e6,
        }
    }
}

/// A length of time in ms, 0 for a sensor that does not average.
fn averaging_ms(text: &str) -> std::result::Result<f64, String> {
    let ms: f64 = text.parse().map_err(|_| "not a number of milliseconds".to_string())?;
    if (0.0..=600_000.0).contains(&ms) { Ok(ms) } else { Err("not between 0 and 600000 milliseconds".into()) }
}

#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = format::help(ALL))]
pub struct Options {
    #[command(flatten)]
    pub files: Files,
    /// Format of all files [default: recognised]
    #[arg(long, value_name = "NAME", value_parser = format::names(ALL), hide_possible_values = true)]
    pub format: Option<String>,
    /// Time over which the sensors average their power [default: by board and driver, or found from the runs]
    #[arg(long, value_name = "MS", value_parser = averaging_ms)]
    pub averages_over: Option<f64>,
    /// Unit of powers whose column names none or a wrong one
    #[arg(long, value_enum, ignore_case = true)]
    pub power_unit: Option<PowerUnit>,
    /// Unit of energies whose column names none or a wrong one
    #[arg(long, value_enum, ignore_case = true)]
    pub energy_unit: Option<EnergyUnit>,
    /// Whether a column of energies is a running total [default: by its name and values]
    #[arg(long, value_enum)]
    pub energy: Option<Energies>,
    /// Columns that tell sensors apart, or none where all rows of an instant are of one sensor [default: by names and values]
    #[arg(long, value_name = "COLUMN")]
    pub series: Vec<String>,
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

pub fn import(options: &Options) -> anyhow::Result<()> {
    session::refuse_measured_folder(&options.files.into)?;
    let mut sink = Sink::new(options);
    let mut remarks: Vec<String> = Vec::new();
    let mut provenance = Provenance::new("import", serde_json::Value::Null);
    for (at, path) in options.files.paths.iter().enumerate() {
        let source = Source::file(path).with_decimal(options.files.decimal);
        let format = format::of(source, options.format.as_deref(), ALL).map_err(|f| f.of(path))?;
        let hashed = std::thread::scope(|threads| {
            let mut by = provenance.clone();
            let hash = threads.spawn(move || by.input(path).map(|()| by));
            sink.begin(at, format.name);
            let read = (format.read)(source, &mut sink).and_then(|()| sink.end());
            read.and_then(|()| sink.refuse_unlike(source)).map_err(|f| f.of(path))?;
            hash.join()
                .map_err(|_| anyhow::anyhow!("{}: hashing it failed", path.display()))?
                .map_err(anyhow::Error::from)
        });
        provenance = hashed?;
        remarks.extend(sink.notes.texts().into_iter().map(|note| format!("{}: {note}", path.display())));
    }
    sink.notes = Default::default();
    sink.check(&options.files.paths)?;
    let first = options.files.paths.first().map_or(Path::new(""), |p| p.as_path());
    let whose = if options.files.paths.len() == 1 { first } else { options.files.into.as_path() };
    remarks.extend(sink.notes.texts().into_iter().map(|note| format!("{}: {note}", whose.display())));
    sink.notes = Default::default();
    cover::check(&mut sink, &cover::runs(&options.files.into)?, first)?;
    say_of_gpus(&mut sink, &cover::accelerators(&options.files.into)?);
    remarks.extend(sink.notes.texts().into_iter().map(|note| format!("{}: {note}", options.files.into.display())));
    sink.name_boards(&cover::boards(&options.files.into)?);
    let mut told = write::write(&sink, &options.files.into, &provenance)?;
    remarks.iter().for_each(|remark| say(remark));
    print!("{}", summary::text(&mut told));
    Ok(())
}

/// Whose energy it is: a run may have used fewer GPUs than the log has, and a GPU may have said nothing. `used`: how many the runs name.
fn say_of_gpus(sink: &mut Sink, used: &[i64]) {
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
    let mut meters: Vec<&str> = sink
        .known
        .iter()
        .filter(|k| k.sensor.scope == Scope::Node && k.dropped.is_none() && !k.is_second())
        .map(|k| k.sensor.device_id.as_str())
        .collect();
    meters.dedup();
    if meters.len() > 1 {
        let said = format!("{} meters of whole machines are added up: {}", meters.len(), meters.join(", "));
        sink.notes.say(said);
    }
    let are_all = used == [count as i64];
    if sink.options.gpus.is_empty() && count > 1 && !are_all {
        sink.notes
            .say(format!("the log has {count} GPUs ({names}) and all count: --gpus names those that the runs used"));
        match used {
            [] | [1] => sink.notes.say(format!(
                "prices are of one GPU unless the runs' device is named as several: --device \"{count}x NAME\""
            )),
            used => {
                let used: Vec<String> = used.iter().map(i64::to_string).collect();
                sink.notes.say(format!("the runs name {} GPUs, the log has {count}", used.join(" and ")));
            }
        }
    } else if taken < count {
        sink.notes.say(format!("{taken} of {count} GPUs ({names}) are taken, the energy of the others is left out"));
    }
}

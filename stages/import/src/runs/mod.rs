//! Benchmark results of other tools as `session` and `run`.
//!
//! A new format is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports`. Its reader gives the
//! [`Sheet`] rows; windows, zones, names, the session, checks and tables are the sheet's.

mod delimited;
mod json;
mod price;
mod sheet;
mod window;

use crate::read::{
    decode::{self, Utf8},
    fault::{Fault, Result, quoted},
    zone::Zone,
};
use schemas::{Provenance, provenance::sha256_file};
use sheet::Sheet;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use window::Window;

formats! {
    llama_bench,
    sglang,
    vllm,
    aiperf,
    genai_perf,
    optimum_benchmark,
    ml_energy,
    generic,
}

/// One way in which results are written.
pub struct Format {
    pub name: &'static str,
    /// For the help: what it is.
    pub about: &'static str,
    /// Whether a file that begins like this is one.
    pub recognises: fn(&str) -> bool,
    pub read: fn(&str, &mut Sheet) -> Result<()>,
}

#[derive(Debug, Default, clap::Args)]
#[command(after_help = known())]
pub struct Options {
    /// Results as the tools wrote them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Folder for the tables
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Format of all files [default: recognised]
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Zone of times that name none: Europe/Berlin, +02:00, UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub tz: Option<Zone>,
    /// Added to every time of the results: how far their clock was behind
    #[arg(
        long = "shift-ms",
        alias = "offset-ms",
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub offset_ms: i64,
    /// `stated`: times that the results have; `assumed`: also those of starts that include warm-up; `none`; or FROM/TO of one run
    #[arg(long, value_name = "WINDOW", default_value = "stated")]
    pub window: Window,
    /// What an hour of the machine costs, electricity included: also writes imported-price.csv for `derive-costs --prices`
    #[arg(long, value_name = "X")]
    pub usd_per_hour: Option<f64>,
    /// Day on which that price holds, YYYY-MM-DD [default: the day of the last run]
    #[arg(long, value_name = "DATE")]
    pub priced_on: Option<String>,
    /// Mean new tokens of a response, for results per response that do not say
    #[arg(long, value_name = "N")]
    pub tokens_per_response: Option<f64>,
    /// What ran: engine [default: what the results say, or the tool]
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// What ran: model [default: what the results say, or `unknown`]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// What ran: `cpu`, or the GPU's product name, several as `2x NVIDIA H100` [default: what the results say, or `unknown`]
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// What ran: processor [default: what the results say]
    #[arg(long, value_name = "NAME")]
    pub cpu: Option<String>,
    /// What ran: number format of the weights [default: what the results say, or `unknown`]
    #[arg(long, value_name = "NAME")]
    pub dtype: Option<String>,
}

/// The formats, for the help.
fn known() -> String {
    let line = |f: &Format| format!("\n  {:<18} {}", f.name, f.about);
    format!("Formats, described in docs/imports:{}", ALL.iter().map(line).collect::<String>())
}

/// Bytes that recognition looks at: SGLang writes all of a server's options before the results.
const HEAD_BYTES: usize = 1 << 20;

/// Largest file of results; each is read at once.
const MOST_BYTES: u64 = 2 << 30;

/// The whole text of a file, whatever its encoding; lines end with LF.
fn text(source: impl Read, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    Utf8::new(source)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Fault::new("too large", format!("more than {most} bytes"), "split it"));
    }
    let text = decode::text(&bytes).into_owned();
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
        return Err(Fault::new("empty file", format!("{} bytes", bytes.len()), "give the results that the tool wrote"));
    }
    Ok(text)
}

/// The format of a text: the one asked for, or the first that knows its beginning.
fn format(text: &str, asked: Option<&str>) -> Result<&'static Format> {
    let names = || ALL.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = asked {
        let unknown = || Fault::new("no such format of runs", quoted(name), format!("use one of {}", names()));
        return ALL.iter().find(|f| f.name == name).ok_or_else(unknown);
    }
    let end = (0..=HEAD_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let head = &text[..end];
    let unknown = || {
        let first = head.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        Fault::new("not recognised", quoted(first), format!("say which it is with --format, one of {}", names())).at(1)
    };
    ALL.iter().find(|f| (f.recognises)(head)).ok_or_else(unknown)
}

/// Reads one source into the sheet.
fn read(source: impl Read, path: &Path, sheet: &mut Sheet) -> Result<()> {
    let named = |f: Fault| f.of(path);
    let text = text(source, MOST_BYTES).map_err(named)?;
    let format = format(&text, sheet.options.format.as_deref()).map_err(named)?;
    sheet.begin(path, format.name);
    (format.read)(&text, sheet).and_then(|()| sheet.end(&text)).map_err(named)
}

pub fn import(options: &Options) -> anyhow::Result<()> {
    crate::session::refuse_measured_folder(&options.into)?;
    let mut sheet = Sheet::new(options)?;
    let mut provenance = Provenance::new("import", serde_json::Value::Null);
    for path in &options.files {
        let file = File::open(path).map_err(|e| Fault::from(e).of(path))?;
        read(file, path, &mut sheet)?;
        let sha256 = sha256_file(path)?;
        if let Some(same) = provenance.inputs.iter().find(|known| known.hash == sha256) {
            let remedy = "give each result once: repetitions are results of their own";
            return Err(Fault::new("the same results twice", quoted(&same.file), remedy).of(path).into());
        }
        provenance.input(path)?;
    }
    sheet.finish()?;
    sheet.remarks.iter().for_each(|remark| eprintln!("import: {remark}"));
    sheet.write(&provenance)?;
    print!("{}", sheet.said());
    Ok(())
}

#[cfg(test)]
mod tests;

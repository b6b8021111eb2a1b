//! Benchmark results of other tools as `session` and `run`.
//!
//! A new format is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports`. Its reader gives the
//! [`Sheet`] rows; windows, zones, names, the session, checks and tables are the sheet's.

pub mod accelerators;
mod energy;
mod figures;
mod load;
mod neighbours;
mod plausible;
mod price;
mod serving;
mod sheet;
mod window;

use crate::{
    read::{
        fault::{Fault, Result, quoted, say},
        format::{self, formats},
        source::Source,
    },
    session::{self, Files},
};
use schemas::{Provenance, provenance::sha256_file};
use sheet::Sheet;
use window::Window;

formats! {
    Sheet:
    llama_bench,
    sglang,
    vllm,
    aiperf,
    genai_perf,
    optimum_benchmark,
    ml_energy,
    guidellm,
    genai_bench,
    loadgen,
    inference_perf,
    llama_batched_bench,
    ollama,
    llmperf,
    trtllm_bench,
    inferencex,
    generic,
}

#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = format::help(ALL))]
pub struct Options {
    #[command(flatten)]
    pub files: Files,
    /// Format of all files [default: recognised]
    #[arg(long, value_name = "NAME", value_parser = format::names(ALL), hide_possible_values = true)]
    pub format: Option<String>,
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
    /// How many accelerators ran together, for results that do not say, or that say two numbers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub accelerators: Option<i64>,
    /// What ran: processor [default: what the results say]
    #[arg(long, value_name = "NAME")]
    pub cpu: Option<String>,
    /// What ran: number format of the weights [default: what the results say, or `unknown`]
    #[arg(long, value_name = "NAME")]
    pub dtype: Option<String>,
}

/// Reads one source into the sheet.
fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let named = |f: Fault| f.of(source.path);
    let format = format::of(source, sheet.options.format.as_deref(), ALL).map_err(named)?;
    sheet.begin(source.path, format.name);
    (format.read)(source, sheet).and_then(|()| sheet.end(&source.head()?)).map_err(named)
}

pub fn import(options: &Options) -> anyhow::Result<()> {
    session::refuse_measured_folder(&options.files.into)?;
    let mut sheet = Sheet::new(options)?;
    let mut provenance = Provenance::new("import", serde_json::Value::Null);
    for path in &options.files.paths {
        read(Source::file(path).with_decimal(options.files.decimal), &mut sheet)?;
        let sha256 = sha256_file(path)?;
        if let Some(same) = provenance.inputs.iter().find(|known| known.hash == sha256) {
            let remedy = "give each result once: repetitions are results of their own";
            return Err(Fault::new("the same results twice", quoted(&same.file), remedy).of(path).into());
        }
        provenance.input(path)?;
    }
    sheet.finish()?;
    sheet.remarks.iter().for_each(|remark| say(remark));
    sheet.write(&provenance)?;
    print!("{}", sheet.said());
    Ok(())
}

#[cfg(test)]
mod loads;
#[cfg(test)]
mod tests;

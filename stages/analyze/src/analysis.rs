//! What `analyze` does when it is not asked for less: all its tables from those before it.

use crate::{comparisons, config, contenders, decisions, estimates, findings, observed, omnibus, ranking, verdicts};
use clap::Args;
use recombine::{MEASURED_LENGTH, Workbench, check, model};
use schemas::{config::Fault, tables};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Analysis {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session, run, power_sample, sensor, run_energy, cell, run_fact, alignment, price, retired_price, price_match, grid, tariff, cost,
    /// request_cost, tco (.parquet)
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Tables to write: estimate, comparison, omnibus, ranking, verdict, decision, finding
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
    /// Exit with status 1, tables written, where a finding says that numbers must not be used
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Deserialize)]
struct Price {
    price: String,
}

/// Of the costs; null where there are none.
#[derive(Debug, Deserialize)]
struct Utilisation {
    utilisation: Option<f64>,
}

/// Whether nothing forbids the use of the numbers, or nobody asked.
pub fn run(cli: &Analysis) -> anyhow::Result<bool> {
    let config = schemas::config::load_valid(&cli.config, "analyze", config::Config::fault)?;
    let mut bench = Workbench::new("analyze", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    // Energies of before sensors were aligned, or of none, have no alignment; not everybody has tariffs by the hour, retired prices,
    // or prices at all.
    for contract in [&tables::ALIGNMENT, &tables::TARIFF, &tables::RETIRED_PRICE, &tables::PRICE_MATCH] {
        if !cli.read.iter().any(|path| path.file_stem().is_some_and(|stem| stem == contract.name)) {
            bench.empty(contract)?;
        }
    }
    bench.values("config", &[&config])?;
    bench.values("wanted", &[&config.decision])?;
    bench.materialise(model!("chosen_cost"))?;
    bench.model(model!("run_check"))?;
    // Queries are computed on one thread each: two go on at the same time.
    let (groups, checks, of_runs) = std::thread::scope(|threads| -> anyhow::Result<_> {
        let found = threads.spawn(|| findings::found(&bench, findings::of_runs()));
        bench.materialise(model!("run_value"))?;
        bench.model(model!("run_price"))?;
        let checks = threads.spawn(|| bench.materialise(model!("cell_check")));
        let groups = observed::observed(&bench, &["run_value", "run_price"])?;
        let gone = |_| anyhow::anyhow!("a thread failed");
        checks.join().map_err(gone)??;
        Ok((groups, bench.select("select * from cell_check")?, found.join().map_err(gone)??))
    })?;
    let chosen: Vec<contenders::Chosen> = bench.select("select * from chosen_cost")?;
    if let Some(fault) = unpriced(&config, &chosen, &bench)? {
        return Err(schemas::config::refusal(&cli.config, "analyze", &fault).into());
    }
    let families = comparisons::families(&groups);
    let compared = comparisons::comparisons(&families, &config);
    let prices = ranking::prices(&groups, |g| chosen.iter().find(|c| c.is_of(g)).map(|c| c.price.clone()));
    let workloads: Vec<contenders::Workload> = bench
        .select("select distinct workload, prompt_tokens, generated_tokens from request_cost order by workload")?;
    bench.model(MEASURED_LENGTH)?;
    let lengths: Vec<contenders::Lengths> = bench.select("select * from measured_length")?;
    let utilisation: Vec<Utilisation> = bench.select("select max(utilisation) as utilisation from tco")?;
    let utilisation = utilisation.first().and_then(|u| u.utilisation).unwrap_or(1.0);
    let all = contenders::contenders(&groups, &chosen, &workloads, &lengths, &config.decision.weights);

    bench.rows(&tables::ESTIMATE, &estimates::estimates(&groups, &config))?;
    bench.rows(&tables::OMNIBUS, &omnibus::omnibus(&families, &config))?;
    bench
        .rows(&tables::RANKING, &ranking::ranking(&families, &compared, &prices, &ranking::errors(&groups), &config))?;
    bench.rows(&tables::COMPARISON, &compared)?;
    bench.rows(&tables::VERDICT, &verdicts::verdicts(checks, &groups, &config))?;
    bench.rows(&tables::DECISION, &decisions::decisions(&all, &compared, &config, utilisation))?;
    let mut found = of_runs;
    found.extend(findings::found(&bench, findings::of_cells())?);
    bench.rows(&tables::FINDING, &found)?;
    bench.check(check!("flags_have_findings"))?;
    bench.check(check!("no_pass_over_a_failure"))?;
    bench.check(check!("evidence_is_the_weakest"))?;
    for path in &cli.write {
        bench.write(path)?;
    }
    let hard: Vec<&serde_json::Value> = found.iter().filter(|finding| finding["severity"] == "error").collect();
    if cli.strict {
        for finding in &hard {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_string();
            let said = format!("analyze: {}: {}, {}", text("code"), text("what"), text("place"));
            eprintln!("{}", schemas::terminal::escaped(&said));
        }
    }
    Ok(!cli.strict || hard.is_empty())
}

/// The fault of a price to compare at that no cost has.
fn unpriced(
    config: &config::Config,
    chosen: &[contenders::Chosen],
    bench: &Workbench,
) -> anyhow::Result<Option<Fault>> {
    if config.price == "cheapest" || !chosen.is_empty() {
        return Ok(None);
    }
    let known: Vec<Price> = bench.select(
        "select distinct concat_ws(' ', provider, region, instance, tier) as price from cost order by price limit 20",
    )?;
    let known: Vec<String> = known.into_iter().map(|p| p.price).collect();
    let fault = Fault::new("price", "price is in no cost", format!("{:?}", config.price));
    Ok(Some(fault.remedy(format!("use \"cheapest\" or one of {}", known.join(", ")))))
}

//! The committed price, grid, embodied and retirement files: what a reader could find wrong with a row by looking at it beside the others.

use schemas::{Contract, column::is_date, rows, tables, text};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};
use tests::root;

/// The day on which this repository's inputs were last read: no source vouches for a later one.
const READ: &str = "2026-11-27";

/// Rows of all files of a folder, with file and line.
fn committed(folder: &str, contract: &'static Contract) -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("data/inputs").join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "csv"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        text::scan_csv(&file, contract, &mut |line, row| {
            all.push((format!("{folder}/{name}:{line}"), Value::from(serde_json::Map::from_iter(row))));
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
    }
    assert!(!all.is_empty(), "{folder}");
    all
}

fn said<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

fn key<'a>(row: &'a Value, columns: &[&str]) -> Vec<&'a str> {
    columns.iter().map(|c| said(row, c)).collect()
}

/// Faults that were found, all at once: a file has many rows.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn note(&mut self, is_wrong: bool, place: &str, what: impl Into<String>) {
        if is_wrong {
            self.0.push(format!("{place}: {}", what.into()));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} faults\n{}", self.0.len(), self.0.join("\n"));
    }
}

#[test]
fn sources_and_dates_are_there() {
    let mut faults = Faults::default();
    let kinds: [(&str, &Contract); 4] = [
        ("prices", &tables::PRICE),
        ("grid", &tables::GRID),
        ("embodied", &tables::EMBODIED),
        ("retired", &tables::RETIREMENT),
    ];
    for (folder, contract) in kinds {
        let mut seen = BTreeMap::new();
        for (place, row) in committed(folder, contract) {
            // Free of an address: what a reader of the repository configures.
            let is_own = said(&row, "tier") == "on_prem";
            faults.note(!is_own && !said(&row, "source").contains("https://"), &place, "no source");
            for date in ["as_of", "retrieved_on", "retired_on"] {
                let date = said(&row, date);
                faults.note(
                    !date.is_empty() && (!is_date(date) || date > READ),
                    &place,
                    format!("no day until {READ}, {date}"),
                );
            }
            faults.note(
                said(&row, "as_of") > said(&row, "retrieved_on") && folder != "grid",
                &place,
                "vouched for after it was read",
            );
            for year in ["year", "tariff_year"].into_iter().filter_map(|y| row[y].as_i64()) {
                faults.note(!(2000..2026).contains(&year), &place, format!("no year that has ended, {year}"));
            }
            if let Some(before) = seen.insert(key(&row, contract.key).join(" "), place.clone()) {
                faults.note(folder != "grid", &place, format!("the same key as {before}"));
            }
        }
    }
    faults.none();
}

/// A tariff of another year than its row's is of a year that is stated, and no region has a newer row that shadows nothing.
#[test]
fn every_grid_region_says_how_its_carbon_is_counted() {
    let mut faults = Faults::default();
    let all = committed("grid", &tables::GRID);
    let mut regions = BTreeSet::new();
    for (place, row) in &all {
        faults.note(!regions.insert(said(row, "region")), place, "a second row of the region");
        faults.note(
            row["gco2e_per_kwh"].is_number() && said(row, "method").is_empty(),
            place,
            "carbon without a method",
        );
        faults.note(row["tariff_year"].is_number() && row["usd_per_kwh"].is_null(), place, "the year of no tariff");
        let (tariff, carbon) = (row["usd_per_kwh"].as_f64(), row["gco2e_per_kwh"].as_f64());
        faults.note(tariff.is_some_and(|usd| !(0.01..1.0).contains(&usd)), place, "no tariff in USD a kWh");
        faults.note(carbon.is_some_and(|g| !(1.0..1500.0).contains(&g)), place, "no intensity in g a kWh");
        faults.note(row["pue"].as_f64().is_some_and(|pue| !(1.0..2.0).contains(&pue)), place, "no PUE");
        faults.note(
            said(row, "region") == "home" && row["example"] != true,
            place,
            "is an example and does not say so",
        );
        // Eurostat's newest year here is 2024; three of its countries had not reported it whole.
        let is_eurostat = said(row, "source").contains("Electricity_Prices_Non_Household");
        let newest = row["tariff_year"].as_i64().or(row["year"].as_i64());
        let is_late = ["ISL", "MKD"].contains(&said(row, "region"));
        faults.note(
            is_eurostat && !is_late && newest != Some(2024),
            place,
            format!("an older tariff than 2024, {newest:?}"),
        );
    }
    let bases: BTreeSet<(&str, &str)> = all.iter().map(|(_, r)| (said(r, "method"), said(r, "basis"))).collect();
    let methods: BTreeSet<&str> = bases.iter().map(|(method, _)| *method).collect();
    assert_eq!(bases.len(), methods.len(), "a method has one basis: {bases:?}");
    let known: BTreeSet<&str> = all.iter().map(|(_, r)| said(r, "region")).collect();
    for (place, row) in committed("prices", &tables::PRICE) {
        let region = said(&row, "grid_region");
        faults.note(!region.is_empty() && !known.contains(region), &place, format!("no grid region, {region}"));
    }
    faults.none();
}

#[test]
fn accelerators_are_counted_and_their_prices_plausible() {
    let mut faults = Faults::default();
    let mut shapes: BTreeMap<Vec<String>, (String, Value)> = BTreeMap::new();
    let mut memory: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (place, row) in committed("prices", &tables::PRICE) {
        let accelerator = said(&row, "accelerator").to_string();
        let count = row["accelerator_count"].as_i64().unwrap_or_default();
        let megabytes = row["accelerator_memory_mb"].as_f64();
        faults.note(accelerator.is_empty() != (count == 0), &place, format!("{count} of \"{accelerator}\""));
        faults.note(accelerator.is_empty() != megabytes.is_none(), &place, "accelerator's memory");
        memory.entry(accelerator.clone()).or_default().extend(megabytes.map(|m| m as i64));
        let shape: Vec<String> = ["provider", "instance"].map(|c| said(&row, c).to_string()).to_vec();
        let columns = ["accelerator", "accelerator_count", "accelerator_memory_mb", "vcpus", "memory_mb", "cpu"];
        let (other, before) = shapes.entry(shape).or_insert_with(|| (place.clone(), row.clone()));
        for column in columns {
            faults.note(before[column] != row[column], &place, format!("another {column} than {other}"));
        }
        let Some(usd) = row["usd_per_hour"].as_f64().filter(|_| said(&row, "tier") != "on_prem") else { continue };
        let (low, high) = (row["low_usd_per_hour"].as_f64(), row["high_usd_per_hour"].as_f64());
        faults.note(low.is_some() != high.is_some(), &place, "a range with one end");
        faults.note(low.unwrap_or(usd) > usd || high.unwrap_or(usd) < usd, &place, "outside its range");
        if count > 0 {
            let each = usd / count as f64;
            faults.note(!(0.05..20.0).contains(&each), &place, format!("{each} USD an hour and accelerator"));
        } else if let Some(vcpus) = row["vcpus"].as_f64() {
            let each = usd / vcpus;
            faults.note(!(0.003..0.2).contains(&each), &place, format!("{each} USD an hour and vCPU"));
        }
    }
    // Two cards are sold under one name with two memories: H100 with 80 GB and, as NVL, with 94.
    let several: Vec<_> = memory.iter().filter(|(name, sizes)| sizes.len() > 1 && *name != "NVIDIA H100").collect();
    assert!(several.is_empty() && memory["NVIDIA H100"].len() == 2, "{several:?}");
    faults.none();
}

/// Spot is at most what is asked on demand, reserved too, and twice a machine costs about twice: at one seller, region and source.
#[test]
fn prices_of_one_machine_fit_each_other() {
    let mut faults = Faults::default();
    let all = committed("prices", &tables::PRICE);
    let on_demand: BTreeMap<Vec<&str>, f64> = all
        .iter()
        .filter(|(_, r)| said(r, "tier") == "on_demand")
        .filter_map(|(_, r)| Some((key(r, &["provider", "region", "instance"]), r["usd_per_hour"].as_f64()?)))
        .collect();
    let mut compared = 0;
    for (place, row) in &all {
        let tier = said(row, "tier");
        let asked = on_demand.get(&key(row, &["provider", "region", "instance"]));
        if let (Some(usd), Some(asked), true) = (row["usd_per_hour"].as_f64(), asked, tier != "on_demand") {
            compared += 1;
            faults.note(usd >= *asked, place, format!("{tier} for {usd}, on demand for {asked}"));
            faults.note(
                row["high_usd_per_hour"].as_f64().is_some_and(|high| high > *asked),
                place,
                "range above on demand",
            );
        }
        // An API that is known to give less than is billed: the price on demand bounds it.
        let is_doubted = said(row, "provider") == "azure" && tier == "spot";
        faults.note(
            is_doubted && row["high_usd_per_hour"].as_f64() != asked.copied(),
            place,
            "no bound of a doubted price",
        );
    }
    assert!(compared > 100, "{compared}");
    // Per accelerator the sizes of one family agree, or their ranges meet.
    let mut families: BTreeMap<Vec<String>, Vec<(f64, f64, &str)>> = BTreeMap::new();
    for (place, row) in &all {
        let (Some(count), Some(usd)) =
            (row["accelerator_count"].as_f64().filter(|n| *n > 0.0), row["usd_per_hour"].as_f64())
        else {
            continue;
        };
        if said(row, "provider") == "gcp"
            && said(row, "tier") == "spot"
            && said(row, "instance").starts_with("a2-highgpu")
        {
            let ends =
                [row["low_usd_per_hour"].as_f64().unwrap_or(usd), row["high_usd_per_hour"].as_f64().unwrap_or(usd)];
            let family = key(row, &["region", "accelerator"]).iter().map(|t| (*t).to_string()).collect();
            families.entry(family).or_default().push((ends[0] / count, ends[1] / count, place));
        }
    }
    for sizes in families.values() {
        let (most, least) =
            (sizes.iter().map(|s| s.0).fold(0.0, f64::max), sizes.iter().map(|s| s.1).fold(f64::MAX, f64::min));
        faults.note(
            most > least * 1.05,
            sizes[0].2,
            format!("sizes of one family disagree: {most} and {least} an accelerator"),
        );
    }
    faults.none();
}

#[test]
fn the_azure_catalogue_that_nobody_refreshes_is_not_of_today() {
    let all = committed("prices", &tables::PRICE);
    let of_it: Vec<_> = all.iter().filter(|(_, r)| said(r, "source").contains("catalogs/v5/azure")).collect();
    assert!(of_it.len() >= 20, "{}", of_it.len());
    for (place, row) in of_it {
        let is_confirmed = said(row, "source").contains("data-receipts");
        assert_eq!(said(row, "as_of"), if is_confirmed { "2026-11-09" } else { "2024-08-18" }, "{place}");
    }
    // A day of reading is nobody's date of a price.
    let same: Vec<_> =
        all.iter().filter(|(_, r)| said(r, "as_of") == said(r, "retrieved_on")).map(|(p, _)| p).collect();
    assert!(same.is_empty(), "{same:?}");
}

/// Making more of the same parts emits more, and an accelerator is not free.
#[test]
fn embodied_carbon_follows_the_parts() {
    let mut faults = Faults::default();
    let shapes: BTreeMap<Vec<String>, Value> = committed("prices", &tables::PRICE)
        .into_iter()
        .map(|(_, r)| (["provider", "instance"].map(|c| said(&r, c).to_string()).to_vec(), r))
        .collect();
    let family = |instance: &str| instance.split(['.', '-']).next().unwrap_or_default().to_string();
    let all = committed("embodied", &tables::EMBODIED);
    let mut pairs = 0;
    for (place, row) in &all {
        let kg = row["embodied_kgco2e"].as_f64().unwrap();
        let Some(shape) = shapes.get(&["provider", "instance"].map(|c| said(row, c).to_string())[..]) else {
            faults.note(true, place, "of no price");
            continue;
        };
        faults.note(!(1.0..50_000.0).contains(&kg), place, format!("{kg} kg"));
        for (_, other) in &all {
            let same = said(row, "provider") == said(other, "provider")
                && family(said(row, "instance")) == family(said(other, "instance"));
            let Some(bigger) =
                shapes.get(&["provider", "instance"].map(|c| said(other, c).to_string())[..]).filter(|_| same)
            else {
                continue;
            };
            let parts =
                |shape: &Value| ["accelerator_count", "vcpus", "memory_mb"].map(|c| shape[c].as_f64().unwrap_or(0.0));
            let (few, many) = (parts(shape), parts(bigger));
            let is_more = few.iter().zip(&many).all(|(a, b)| a <= b)
                && few != many
                && shape["accelerator"] == bigger["accelerator"];
            pairs += usize::from(is_more);
            let more = other["embodied_kgco2e"].as_f64().unwrap();
            faults.note(
                is_more && more <= kg,
                place,
                format!("{kg} kg, and {} with more parts {more}", said(other, "instance")),
            );
        }
    }
    assert!(pairs > 100, "{pairs}");
    let of = |instance: &str| {
        all.iter().find(|(_, r)| said(r, "instance") == instance).unwrap().1["embodied_kgco2e"].as_f64()
    };
    assert!(of("g4dn.12xlarge") > of("g4dn.16xlarge"), "four accelerators are more than one");
    assert!(of("a2-megagpu-16g") > of("a2-highgpu-8g"), "sixteen are more than eight");
    faults.none();
}

/// What `derive-costs` leaves out of the committed prices is what the committed list says, and nothing of it is offered.
#[test]
fn retired_prices_are_those_of_the_list() {
    let retired = committed("retired", &tables::RETIREMENT);
    let prices = committed("prices", &tables::PRICE);
    let names: BTreeSet<(&str, &str)> = retired.iter().map(|(_, r)| (said(r, "provider"), said(r, "name"))).collect();
    let gone: BTreeSet<String> = prices
        .iter()
        .filter(|(_, r)| names.contains(&(said(r, "provider"), said(r, "instance"))))
        .map(|(_, r)| key(r, &["instance", "tier"]).join(" "))
        .collect();
    let ncv3 = ["NC6s", "NC12s", "NC24s"].map(|n| ["on_demand", "spot"].map(|tier| format!("Standard_{n}_v3 {tier}")));
    assert_eq!(gone, ncv3.into_iter().flatten().collect::<BTreeSet<_>>());
    let folder = tempfile::tempdir().unwrap();
    let session = crate::refusals::imported(folder.path());
    let at = |table: &str| folder.path().join(format!("{table}.parquet")).display().to_string();
    crate::refusals::join(&session, "data/inputs/tr119/pipeline.toml", &folder.path().join("run_energy.parquet")).ok();
    let mut derive = std::process::Command::new(tests::binary("derive-costs"));
    // A factor of 1 from all to all: every price has a cost, unless it is retired.
    let factor = "[[derive-costs.speed_factor]]\nfrom = \"*\"\nto = \"*\"\nfactor = 1.0\nenergy_factor = 1.0\nsource = \"a test\"\n";
    let config = folder.path().join("pipeline.toml");
    let shipped = fs::read_to_string(root().join("pipeline.toml")).unwrap();
    fs::write(&config, format!("{shipped}\n{factor}")).unwrap();
    derive.current_dir(root()).args([
        "--config",
        &config.display().to_string(),
        "--read",
        &session[0],
        &session[1],
        &at("cell"),
        &at("run_fact"),
    ]);
    for (option, kind) in
        [("--prices", "prices"), ("--grid", "grid"), ("--embodied", "embodied"), ("--retired", "retired")]
    {
        let files = fs::read_dir(root().join("data/inputs").join(kind)).unwrap().map(|e| e.unwrap().path());
        derive.arg(option).args(files.filter(|f| f.extension().is_some_and(|e| e == "csv")));
    }
    tests::run(derive.args(["--write", &at("retired_price"), &at("cost"), &at("region_carbon"), &at("tier_saving")]))
        .ok();
    let read = |contract: &'static Contract| -> Vec<Value> {
        rows::from_batches(
            contract.name,
            &schemas::io::read(&folder.path().join(format!("{}.parquet", contract.name)), contract).unwrap(),
        )
        .unwrap()
    };
    let left_out: BTreeSet<String> =
        read(&tables::RETIRED_PRICE).iter().map(|r| key(r, &["instance", "tier"]).join(" ")).collect();
    assert_eq!(left_out, gone);
    let cost = read(&tables::COST);
    assert!(cost.len() > 1000 && !cost.iter().any(|r| gone.contains(&key(r, &["instance", "tier"]).join(" "))));
    // Spot dollars have an interval where their range is stated, and none where it is not.
    let spot: Vec<&Value> = cost.iter().filter(|r| r["tier"] == "spot").collect();
    let ranged = |r: &Value| r["ci_low_usd_per_mtok"].is_number();
    assert!(spot.iter().any(|r| ranged(r)) || cost.iter().all(|r| !ranged(r)), "no range was used");
    assert!(!spot.iter().any(|r| r["provider"] == "aws" && ranged(r)), "AWS's spot prices have no range");
    let places = read(&tables::REGION_CARBON);
    let firsts: BTreeSet<(&str, &str)> =
        places.iter().filter(|r| r["place"] == 1).map(|r| (said(r, "grid_basis"), said(r, "grid_method"))).collect();
    assert_eq!(firsts.len(), 3, "one first place a method: {firsts:?}");
    let savings = read(&tables::TIER_SAVING);
    let too_far = savings
        .iter()
        .filter(|r| said(r, "provider") == "aws" && r["tier"] == "spot" && r["ratio_of_rates"].is_number());
    assert_eq!(too_far.count(), 0, "August's spot over February's rate on demand is no saving");
    assert!(savings.iter().all(|r| r["ratio_of_rates"].is_null() == r["reason"].is_string()), "a reason or a ratio");
}

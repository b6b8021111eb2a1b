//! Price catalogues and grid tables of others, through `import prices` and `import grid`: cases from public reports with the values that a
//! correct tool gives, refusals with their whole text, and bytes of any kind.

use proptest::prelude::*;
use schemas::{Contract, io, rows, tables};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tests::{Ran, root, stage};

const FETCHED: [&str; 4] = ["--source", "https://example.org", "--retrieved-on", "2026-05-14"];
const AWS: [&str; 2] = ["--provider", "aws"];

/// Keys of `expected` that say what the input is, not what a tool makes of it.
const OF_THE_INPUT: [&str; 3] = ["rows", "header_line", "raw_first_column"];

fn folder(case: &str) -> PathBuf {
    let all = fs::read_dir(root().join("tests/fixtures/cases")).unwrap().map(|e| e.unwrap().path());
    all.into_iter().find(|p| p.file_name().unwrap().to_string_lossy().starts_with(case)).unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Imports a file; the rows, and what was said. The refusal, if it is one.
fn import(command: &str, input: &Path, options: &[&str]) -> Result<(Vec<Value>, String), Ran> {
    let into = tempfile::tempdir().unwrap();
    let output = into.path().join("x.parquet");
    let mut arguments = vec![command];
    arguments.extend(options);
    let (output_text, input_text) = (text(&output), text(input));
    arguments.extend(["--output", &output_text, &input_text]);
    let mut ran = stage("import", &arguments);
    ran.err = ran.err.replace(&input_text, "FILE").replace(&output_text, "OUT");
    if ran.code != Some(0) {
        assert_eq!(fs::read_dir(into.path()).unwrap().count(), 0, "a refusal leaves nothing: {}", ran.err);
        return Err(ran);
    }
    let contract: &'static Contract = if command == "prices" { &tables::PRICE } else { &tables::GRID };
    let batches = io::read(&output, contract).unwrap();
    Ok((rows::from_batches(contract.name, &batches).unwrap(), ran.err))
}

fn prices(case: &str, options: &[&str]) -> (Vec<Value>, String) {
    let input = ["input.csv", "input.json"].map(|f| folder(case).join(f)).into_iter().find(|p| p.is_file()).unwrap();
    import("prices", &input, options).unwrap_or_else(|ran| panic!("{}", ran.err))
}

fn grid(case: &str, file: &str, options: &[&str]) -> (Vec<Value>, String) {
    import("grid", &folder(case).join(file), options).unwrap_or_else(|ran| panic!("{}", ran.err))
}

/// One column of the row in which the given columns have the given texts; null where no row has.
fn value(rows: &[Value], with: &[(&str, &str)], column: &str) -> Value {
    let found: Vec<&Value> = rows.iter().filter(|r| with.iter().all(|(c, v)| r[*c] == *v)).collect();
    assert!(found.len() <= 1, "{found:?}");
    found.first().map_or(Value::Null, |r| r[column].clone())
}

fn per_accelerator(rows: &[Value], with: &[(&str, &str)]) -> Value {
    let (usd, count) = (value(rows, with, "usd_per_hour"), value(rows, with, "accelerator_count"));
    usd.as_f64().map_or(Value::Null, |usd| json!(usd / count.as_f64().unwrap()))
}

fn usd_per_1m(usd_per_hour: &Value, tokens_per_s: f64) -> Value {
    json!(usd_per_hour.as_f64().unwrap() / 3600.0 / tokens_per_s * 1e6)
}

/// Energy of constant power: the mean of the intensities, weighted by the share of the window that each covers.
fn over(rows: &[Value], start: &str, end: &str) -> Value {
    let ns = |text: &str| schemas::text::instant(text).unwrap();
    let (start, end) = (ns(start), ns(end));
    let weighted = rows.iter().map(|r| {
        let (from, to) = (r["start_ns"].as_i64().unwrap().max(start), r["end_ns"].as_i64().unwrap().min(end));
        ((to - from).max(0) as f64, r["gco2e_per_kwh"].as_f64().unwrap())
    });
    let (covered, sum) = weighted.fold((0.0, 0.0), |(c, s), (w, g)| (c + w, s + w * g));
    if covered == (end - start) as f64 { json!(sum / covered) } else { Value::Null }
}

/// What the tool gives for a case, under the names that the case uses.
fn given(case: u64) -> Vec<(&'static str, Value)> {
    let aws = [&AWS[..], &FETCHED].concat();
    match case {
        67 => {
            let (regional, said) = prices("67", &aws);
            let (zonal, _) = prices("67", &[&aws[..], &["--per-zone"]].concat());
            let h100 = [("instance", "p8x.48xlarge"), ("tier", "on_demand")];
            let spot = |zone: &'static str| [("instance", "p8x.48xlarge"), ("tier", "spot"), ("region", zone)];
            assert!(said.contains("no on_demand price, no row: 1, first line 2 (p9x.48xlarge)"), "{said}");
            let node = value(&regional, &h100, "usd_per_hour");
            let hour = usd_per_1m(&node, 3600.0);
            vec![
                ("h100_node_usd_h", node),
                ("h100_per_gpu_h", per_accelerator(&regional, &h100)),
                (
                    "h200_price",
                    value(&regional, &[("instance", "p9x.48xlarge"), ("tier", "on_demand")], "usd_per_hour"),
                ),
                ("spot_zone_a", value(&zonal, &spot("eu-north-1a"), "usd_per_hour")),
                ("spot_zone_b_per_gpu", per_accelerator(&zonal, &spot("eu-north-1b"))),
                ("usd_per_1m_at_3600_tok_s", hour),
            ]
        }
        68 => {
            let (rows, said) = prices("68", &[&["--provider", "gcp"][..], &FETCHED].concat());
            let two = [("accelerator", "A100"), ("instance", "x2-highgpu-2g"), ("tier", "on_demand")];
            let usd = value(&rows, &two, "usd_per_hour");
            assert!(!rows.iter().any(|r| r["instance"] == "x5-standard"));
            let placeholder =
                said.lines().find(|l| l.contains("price of exactly 700, a placeholder, left out")).unwrap();
            let example = placeholder.split(['(', ')']).nth(1).unwrap();
            vec![
                ("usd_per_1m_at_500_tok_s", usd_per_1m(&usd, 500.0)),
                ("two_a100_usd_h", usd),
                ("per_gpu", per_accelerator(&rows, &two)),
                ("suspicious", json!([example])),
            ]
        }
        69 => {
            let (rows, said) = prices("69", &FETCHED);
            let of = |model: &str, column: &str| value(&rows, &[("instance", model)], column);
            assert!(said.contains(
                "implausible, above 1000 USD per million tokens, perhaps in another unit: 1, first line 22 ("
            ));
            assert_eq!(of("vendor/free", "output_usd_per_mtok"), 0.0);
            let skipped =
                said.split("entry without a price per token, skipped: ").nth(1).unwrap().split(',').next().unwrap();
            let priced = rows.iter().filter(|r| !r["instance"].as_str().unwrap().contains("above")).count();
            vec![
                ("models", json!(priced + skipped.parse::<usize>().unwrap())),
                ("a_in_per_1m", of("vendor/model-a", "input_usd_per_mtok")),
                ("a_out_per_1m", of("vendor/model-a", "output_usd_per_mtok")),
                ("a_out_above_200k_per_1m", of("vendor/model-a (input above 200k)", "output_usd_per_mtok")),
                ("b_in_per_1m", of("vendor/model-b-wrong-unit", "input_usd_per_mtok")),
                ("embed_out", of("vendor/embed", "output_usd_per_mtok")),
                ("token_priced", json!(priced)),
            ]
        }
        70 => {
            let (rows, _) = prices("70", &[&["--region", "us-east-1"][..], &FETCHED].concat());
            let usd = value(&rows, &[("instance", "p8x.48xlarge"), ("tier", "on_demand")], "usd_per_hour");
            vec![("matches", json!(rows.len())), ("usd_per_1m_at_4000_tok_s", usd_per_1m(&usd, 4000.0)), ("usd_h", usd)]
        }
        73 => {
            let read = |file, basis| grid("73", file, &["--source", "s", "--basis", basis]).0;
            let (life, direct) = (read("input.csv", "lifecycle"), read("input.csv", "direct"));
            assert_eq!(life.iter().map(|r| r["estimated"].clone()).collect::<Vec<_>>(), [false, true]);
            assert!(life.iter().all(|r| r["basis"] == "lifecycle") && direct.iter().all(|r| r["basis"] == "direct"));
            let run = ("2026-05-14T09:30:00Z", "2026-05-14T10:30:00Z");
            let third = over(&life, "2026-05-14T11:00:00Z", "2026-05-14T12:00:00Z");
            let old = read("input-2023.csv", "lifecycle");
            vec![
                ("lifecycle_09_30_to_10_30", over(&life, run.0, run.1)),
                ("direct_09_30_to_10_30", over(&direct, run.0, run.1)),
                ("old_lca", value(&old, &[("region", "EX")], "gco2e_per_kwh")),
                ("row3_missing", json!(third.is_null())),
            ]
        }
        74 => {
            let (rows, said) = grid("74", "input.csv", &["--source", "s"]);
            assert!(said.contains("2025 is empty, 2024 used: 1, first line 7 (EXL)"), "{said}");
            let of = |column| value(&rows, &[("region", "EXL"), ("basis", "lifecycle")], column);
            vec![("g_per_kwh", of("gco2e_per_kwh")), ("year", of("year"))]
        }
        75 => {
            let (clouds, _) = grid("75", "input.csv", &["--source", "s", "--year", "2023"]);
            let (countries, said) = grid("75", "input.json", &["--source", "s"]);
            assert!(said.contains("no value, no row: 1, first line 11 (EXN)"), "{said}");
            let of = |rows: &[Value], region| value(rows, &[("region", region)], "gco2e_per_kwh");
            vec![
                ("aws_north", of(&clouds, "aws:xx-north-1")),
                ("EXL", of(&countries, "EXL")),
                ("EXN", of(&countries, "EXN")),
            ]
        }
        other => panic!("case {other}"),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs(),
        _ => a == b,
    }
}

#[test]
fn cases_give_what_a_correct_tool_gives() {
    for number in [67, 68, 69, 70, 73, 74, 75] {
        let case: Value =
            serde_json::from_str(&fs::read_to_string(folder(&number.to_string()).join("case.json")).unwrap()).unwrap();
        let given = given(number);
        for (key, wanted) in
            case["expected"].as_object().unwrap().iter().filter(|(k, _)| !OF_THE_INPUT.contains(&k.as_str()))
        {
            let found =
                given.iter().find(|(k, _)| k == key).unwrap_or_else(|| panic!("{number}: {key} is not looked at"));
            assert!(same(&found.1, wanted), "{number}: {key} is {} and not {wanted}", found.1);
        }
        for (key, values) in case["forbidden"].as_object().unwrap() {
            let values = values.as_str().unwrap().split(|c: char| !c.is_ascii_digit() && c != '.');
            let values: Vec<f64> = values.filter_map(|v| v.parse().ok()).collect();
            let looked: Vec<_> = given.iter().filter(|(k, _)| k.starts_with(key.as_str())).collect();
            assert!(!values.is_empty() && !looked.is_empty(), "{number}: {key}");
            for (key, found) in looked {
                assert!(
                    !values.iter().any(|v| found.as_f64() == Some(*v)),
                    "{number}: {key} is {found}, which is forbidden"
                );
            }
        }
    }
}

#[test]
fn what_was_not_asked_for_is_left_out() {
    let input = folder("67").join("input.csv");
    let ran =
        import("prices", &input, &[&AWS[..], &FETCHED, &["--accelerator", "h200", "--tier", "on_demand"]].concat());
    assert_eq!(
        ran.unwrap_err().err,
        "import: FILE: no on_demand price, no row: 1, first line 2 (p9x.48xlarge)\n\
         import: FILE: no row of table `price` is left, 0, widen what is kept or see the notes above\n"
    );
    for (filter, rows) in [
        (["--instance", "*.xlarge"], 2),
        (["--region", "eu-north-1"], 7),
        (["--accelerator", "NVIDIA H100"], 2),
        (["--tier", "spot"], 4),
    ] {
        assert_eq!(prices("67", &[&AWS[..], &FETCHED, &filter].concat()).0.len(), rows, "{filter:?}");
    }
}

/// The refusal of a file with this text, `FILE` in place of its path.
fn refusal(command: &str, name: &str, content: &[u8], options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join(name);
    fs::write(&input, content).unwrap();
    let ran = import(command, &input, options).err().unwrap_or_else(|| panic!("{name} is taken"));
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    ran.err.lines().last().unwrap().strip_prefix("import: ").unwrap().to_string()
}

const VMS: &str =
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,AvailabilityZone\n";
const OWN: &str = "provider,region,instance,tier,usd_per_hour,includes_power,source,retrieved_on\n";
const OFFER: &str = "SKU,OfferTermCode,TermType,Unit,PricePerUnit,Currency,Instance Type,Operating System,Tenancy,CapacityStatus,Region Code\n";

#[test]
fn refusals_of_price_files() {
    let sky = [&AWS[..], &FETCHED].concat();
    let vms = |line: &str| refusal("prices", "vms.csv", format!("{VMS}{line}\n").as_bytes(), &sky);
    let own = |line: &str| refusal("prices", "own.csv", format!("{OWN}{line}\n").as_bytes(), &[]);
    let lite = |text: &str| refusal("prices", "m.json", text.as_bytes(), &FETCHED);
    for (found, wanted) in [
        (vms("a,,,2,8,NaN,,r,ra"), "FILE: line 2: column `Price` is not a finite number, \"NaN\", correct the line"),
        (vms("a,,,2,8,inf,,r,ra"), "FILE: line 2: column `Price` is not a finite number, \"inf\", correct the line"),
        (vms("a,,,2,8,-1,,r,ra"), "FILE: line 2: column `Price` must be at least 0, \"-1\", correct the line"),
        (
            vms("a,,,2,8,\"1,250\",,r,ra"),
            "FILE: line 2: a comma of decimals or of thousands?, \"1,250\", \
             say which mark is before the decimals: --decimal comma or --decimal point",
        ),
        (
            vms("a,,,2,8,1,5,,r,ra"),
            "FILE: line 2: 10 fields where the header has 9, \"a\", \
             a column has no name or a field is missing: give the file as the tool wrote it",
        ),
        (
            vms("a,A100,,2,8,1,,r,ra"),
            "FILE: line 2: column `AcceleratorCount` must not be empty, \"\", correct the line",
        ),
        (
            vms(",A100,0.5,,,1,,r,ra"),
            "FILE: line 2: column `AcceleratorCount` is not a whole number above 0, \"0.5\", correct the line",
        ),
        (
            own("p,r,i,spot,,true,s,2026-01-01"),
            "FILE: line 2: tier `spot` needs a price, `usd_per_hour` is empty, correct the line",
        ),
        (
            own("p,r,i,spot,NaN,true,s,2026-01-01"),
            "FILE: line 2: column `usd_per_hour` is not a finite number, \"NaN\", correct the line",
        ),
        (own("p,r,i,spot,1,true,,2026-01-01"), "FILE: line 2: column `source` must not be empty, correct the line"),
        (own("p,r,i,spot,1,true,s,"), "FILE: line 2: column `retrieved_on` must not be empty, correct the line"),
        (
            own("p,r,i,spot,1,true,s,2026-02-30"),
            "FILE: line 2: column `retrieved_on` is not a date YYYY-MM-DD, \"2026-02-30\", correct the line",
        ),
        (
            own("p,r,i,spot,1,true,s,2026-01-01\np,r,j,spot,1,true,s,2026-01-01\np,r,i,spot,2,true,s,2026-01-01"),
            "FILE: line 4: same key as line 2, (p, r, i, spot), correct the line",
        ),
        (
            lite(r#"{"m": {"input_cost_per_token": "3e-06", "litellm_provider": "v"}}"#),
            "FILE: line 1: `input_cost_per_token` of m is not a number of at least 0, \"3e-06\", correct the entry",
        ),
        (
            lite("{\"m\": {\"litellm_provider\": \"v\",\n\"input_cost_per_token\": NaN}}"),
            "FILE: line 1: `input_cost_per_token` of m is not a number of at least 0, \"NaN\", correct the entry",
        ),
        (
            refusal(
                "prices",
                "o.csv",
                format!("{OFFER}S,T,OnDemand,Hrs,0x1,USD,p5,Linux,Shared,Used,r\n").as_bytes(),
                &FETCHED,
            ),
            "FILE: line 2: column `PricePerUnit` is not a number, \"0x1\", correct the line",
        ),
        (
            refusal(
                "prices",
                "o.csv",
                format!("{OFFER}S,T,OnDemand,Hrs,1,USD,p5,Windows,Shared,Used,r\n").as_bytes(),
                &FETCHED,
            ),
            "FILE: no row of table `price` is left, 0, widen what is kept or see the notes above",
        ),
        (
            refusal("prices", "x.csv", b"when,what\n1,2\n", &FETCHED),
            "FILE: line 1: not recognised, \"when,what\", say which it is with --format, one of own, skypilot, litellm, aws-offer",
        ),
        (
            refusal("prices", "vms.csv", VMS.as_bytes(), &FETCHED),
            "FILE: the file does not say whose prices these are, no --provider, add --provider aws (or gcp, ...)",
        ),
        (
            refusal("prices", "vms.csv", VMS.as_bytes(), &["--retrieved-on", "2026-01-01"]),
            "FILE: the file does not say where it was fetched, no --source, add --source URL",
        ),
        (
            refusal("prices", "vms.csv", VMS.as_bytes(), &["--source", "s"]),
            "FILE: the file does not say when it was fetched, no --retrieved-on, add --retrieved-on DATE",
        ),
        (
            refusal("prices", "vms.csv", VMS.as_bytes(), &["--source", "s", "--retrieved-on", "yesterday"]),
            "--retrieved-on: not a date, \"yesterday\", write YYYY-MM-DD",
        ),
        (
            refusal("prices", "vms.csv", b"a,b\n", &[&FETCHED[..], &["--format", "aws-offer"]].concat()),
            "FILE: no header line, none of the first 50 lines has SKU, TermType, PricePerUnit, give the file as it was fetched",
        ),
    ] {
        assert_eq!(found, wanted);
    }
    let output = stage("import", &["prices", "--output", "prices.txt", "x.csv"]);
    assert_eq!(
        output.err.trim_end(),
        "import: prices.txt: cannot tell the format to write, the name, let it end in .csv or .parquet"
    );
}

#[test]
fn refusals_of_grid_files() {
    let maps = "Datetime (UTC),Zone id,Carbon intensity gCO2eq/kWh (direct)\n";
    let maps = |lines: &str, options: &[&str]| {
        refusal("grid", "m.csv", format!("{maps}{lines}\n").as_bytes(), &[&["--source", "s"][..], options].concat())
    };
    let ember = "Area,ISO 3 code,Year,Variable,Unit,Value\n";
    let ember = |line: &str| refusal("grid", "e.csv", format!("{ember}{line}\n").as_bytes(), &["--source", "s"]);
    let case = |case: &str, file: &str, options: &[&str]| {
        refusal("grid", file, &fs::read(folder(case).join(file)).unwrap(), &[&["--source", "s"][..], options].concat())
    };
    for (found, wanted) in [
        (
            maps("2026-05-14 00:00:00,EX,1", &[]),
            "FILE: cannot tell how long an interval is, starts such as \"2026-05-14 00:00:00\", \
             give --interval hour, day, month or year",
        ),
        (
            maps("2026-05-14 09:00:00,EX,1\n2026-05-14 10:00:00,EX,x", &[]),
            "FILE: line 3: column `Carbon intensity gCO2eq/kWh (direct)` is not a number, \"x\", correct the line",
        ),
        (
            maps(
                "2026-05-14 09:00:00,EX,1\n2026-05-14 10:00:00,EX,2\n2026-05-14 10:30:01,EX,2",
                &["--interval", "hour"],
            ),
            "FILE: line 4: no interval of the file's length starts here, \"2026-05-14 10:30:01\", correct the line or give --interval",
        ),
        (
            maps("2026-05-14 09:00:00,EX,1\n2026-05-14 10:00:00,EY,2", &["--zone", "home"]),
            "FILE: line 3: a second zone, which --zone cannot name too, \"EY\", pick one with --region",
        ),
        (
            maps("2026-05-14 09:00:00,EX,1\n2026-05-14 09:00:00,EX,2", &[]),
            "FILE: line 3: same key as line 2, (EX, 1778749200000000000), correct the line",
        ),
        (
            maps("2026-05-14 09:00:00,EX,1", &["--basis", "lifecycle"]),
            "FILE: no column of carbon intensity, \"lifecycle\", give the file as it was fetched \
             (columns: Datetime (UTC), Zone id, Carbon intensity gCO2eq/kWh (direct))",
        ),
        (
            case("73", "input.csv", &[]),
            "FILE: several carbon intensities, \"Carbon intensity gCO\u{2082}eq/kWh (direct), Carbon intensity gCO\u{2082}eq/kWh \
             (Life cycle)\", choose with --basis lifecycle or --basis direct",
        ),
        (
            ember("X,EXL,2024,CO2 intensity,kgCO2/kWh,1"),
            "FILE: line 2: CO2 intensity in another unit, \"kgCO2/kWh\", gCO2/kWh is expected: correct the line",
        ),
        (
            ember("X,EXL,24k,CO2 intensity,gCO2/kWh,1"),
            "FILE: line 2: column `Year` is not a year, \"24k\", correct the line",
        ),
        (
            case("74", "input.csv", &["--year", "2025"]),
            "FILE: no row of table `grid` is left, 0, widen what is kept or see the notes above",
        ),
        (
            case("74", "input.csv", &["--year", "2025", "--region", "EXL"]),
            "FILE: no value for the region, \"EXL\", take another source or leave the region out",
        ),
        (case("75", "input.csv", &[]), "FILE: the file states no year, no --year, add --year 2023"),
        (
            case("75", "input.json", &["--region", "EXN"]),
            "FILE: no value for the region, \"EXN\", take another source or leave the region out",
        ),
        (
            refusal("grid", "g.json", br#"{"A": {"carbon_intensity": 5, "year": "late"}}"#, &["--source", "s"]),
            "FILE: line 1: `year` of A is not a year, \"late\", correct the entry",
        ),
        (refusal("grid", "x.csv", b"", &[]), "FILE: empty file, 0 bytes, give the file as the tool wrote it"),
        (
            refusal("grid", "e.csv", b"Area,ISO 3 code,Year,Variable,Unit,Value\n", &[]),
            "FILE: the file does not say where it was fetched, no --source, add --source URL",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn machines_and_accelerators_are_added_in_their_zone() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("vms.csv");
    // The A100 is in zone a alone; n1 carries what is built into no machine; a3's accelerators have a placeholder; family a9 has
    // accelerators; two kinds of two would fit x9.
    let lines = [
        "a2-highgpu-1g,,,12,85,1,0.5,r,r-a",
        "a2-highgpu-1g,,,12,85,1,0.5,r,r-b",
        "n1-standard-8,,,8,30,0.4,0.1,r,r-a",
        "a3-edgegpu-8g-nolssd,,,208,1872,9,2,r,r-a",
        "a9-standard-4,,,8,30,0.4,0.1,r,r-a",
        ",A100,1,,,3,1,r,r-a",
        ",A100,1,,,3,1,r,r-a",
        ",H100,8,,,700.0,20,r,r-a",
        ",T4,1,,,0.35,0.11,r,r-a",
        "x9-thing-2g,,,24,170,2,,r,r-a",
        ",B1,2,,,5,2,r,r-a",
        ",B2,2,,,6,2,r,r-a",
        ",tpu-v6e-8,1,,,21.6,4.4,r,r-a",
        ",B2,2,,,7,2,r,r-a",
    ];
    fs::write(&input, format!("{VMS}{}\n", lines.join("\n"))).unwrap();
    let options = [&["--provider", "gcp"][..], &FETCHED].concat();
    let (rows, said) = import("prices", &input, &options).unwrap();
    let usd = |rows: &[Value], instance, tier| value(rows, &[("instance", instance), ("tier", tier)], "usd_per_hour");
    let expected = [("a2-highgpu-1g", 4.0, 1.5), ("n1-standard-8", 0.4, 0.1), ("tpu-v6e-8", 21.6, 4.4)];
    for (instance, on_demand, spot) in expected {
        assert_eq!((usd(&rows, instance, "on_demand"), usd(&rows, instance, "spot")), (json!(on_demand), json!(spot)));
    }
    assert_eq!(usd(&rows, "a3-edgegpu-8g-nolssd", "spot"), 22.0);
    assert_eq!(rows.len(), 7, "{rows:?}");
    for note in [
        "machine of accelerators whose price is not in its zone, left out: 3, first lines 3, 6, 11 (a2-highgpu-1g)",
        "accelerator whose machine the file does not tell, left out (--host names one): 3, first lines ",
        "price of exactly 700, a placeholder, left out: 1, first line 9 (H100)",
        "several prices for one accelerator and zone, none taken: 1, first line 15 (2 x B2)",
    ] {
        assert!(said.contains(note), "{note}\n{said}");
    }
    let (rows, _) = import("prices", &input, &[&options[..], &["--host", "n1-standard-8"]].concat()).unwrap();
    assert_eq!(usd(&rows, "n1-standard-8", "on_demand"), 0.4);
    assert_eq!(usd(&rows, "n1-standard-8+1xT4", "spot"), 0.21);
}

#[test]
fn repeated_entries_count_once_unless_they_differ() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("m.json");
    let entry = |usd: &str| format!("{{\"litellm_provider\": \"v\", \"input_cost_per_token\": {usd}}}");
    let entries = [("a", "1e-6"), ("b", "1.1e-6"), ("a", "0.000001"), ("b", "2e-6")];
    let text: Vec<String> = entries.iter().map(|(name, usd)| format!("\"{name}\": {}", entry(usd))).collect();
    fs::write(&input, format!("\u{feff}{{\n{}}}", text.join(",\n"))).unwrap();
    let (rows, said) = import("prices", &input, &FETCHED).unwrap();
    let found: Vec<_> = rows.iter().map(|r| (r["instance"].clone(), r["input_usd_per_mtok"].clone())).collect();
    assert_eq!(found, [(json!("a"), json!(1.0))]);
    assert!(
        said.contains(
            "several prices for one instance and tier, none taken: 1, first line 3 (b, 1.1 in line 3 and 2 in line 5)"
        ),
        "{said}"
    );
}

#[test]
fn zones_give_the_lower_median_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("vms.csv");
    let zones = [("a", 0.2), ("b", 0.9), ("c", 0.3), ("d", 0.4)];
    let lines: String = zones.iter().map(|(z, spot)| format!("i,,,2,8,1,{spot},r,r-{z}\n")).collect();
    fs::write(&input, format!("{VMS}{lines}")).unwrap();
    let (rows, said) = import("prices", &input, &[&AWS[..], &FETCHED].concat()).unwrap();
    assert_eq!(value(&rows, &[("tier", "spot")], "usd_per_hour"), 0.3);
    assert_eq!(value(&rows, &[("tier", "on_demand")], "usd_per_hour"), 1.0);
    let range = |tier| ["low_usd_per_hour", "high_usd_per_hour"].map(|c| value(&rows, &[("tier", tier)], c));
    assert_eq!((range("spot"), range("on_demand")), ([json!(0.2), json!(0.9)], [Value::Null, Value::Null]));
    assert!(
        said.contains(
            "spot differs between the zones of a region, the lower median was taken: 1, first line 2 (i, 0.2 to 0.9)"
        ),
        "{said}"
    );
}

/// The day on which a catalogue was fetched is never the day of its prices.
#[test]
fn a_price_has_the_date_that_its_source_vouches_for() {
    let as_of = |rows: &[Value]| rows.iter().map(|r| r["as_of"].clone()).collect::<Vec<_>>();
    let aws = [&AWS[..], &FETCHED].concat();
    let (rows, said) = prices("67", &aws);
    assert!(as_of(&rows).iter().all(Value::is_null) && rows.iter().all(|r| r["retrieved_on"] == "2026-05-14"));
    assert!(
        said.contains("no date of the prices, `as_of` is left empty (--as-of DATE, if the source vouches for a day): "),
        "{said}"
    );
    let (rows, said) = prices("67", &[&aws[..], &["--as-of", "2026-05-02"]].concat());
    assert!(as_of(&rows).iter().all(|d| d == "2026-05-02") && !said.contains("as_of"), "{said}");
    // AWS's offer file says its date itself.
    let offer = [&["--region", "us-east-1"][..], &FETCHED].concat();
    let (rows, said) = prices("70", &offer);
    assert!(as_of(&rows).iter().all(|d| d == "2026-05-01") && !said.contains("as_of"), "{said}");
    let refused = |options: &[&str]| {
        let input = folder("70").join("input.csv");
        let ran = import("prices", &input, options).unwrap_err();
        ran.err.lines().last().unwrap().strip_prefix("import: ").unwrap().to_string()
    };
    assert_eq!(
        refused(&[&offer[..], &["--as-of", "2026-05-02"]].concat()),
        "FILE: the file says its date itself, --as-of 2026-05-02 beside \"2026-05-01\", leave --as-of out"
    );
    assert_eq!(
        refused(&["--source", "s", "--retrieved-on", "2026-04-30", "--region", "us-east-1"]),
        "FILE: the file's own date is after the day on which the file was fetched, \"2026-05-01\", correct it or --retrieved-on"
    );
    assert_eq!(
        refused(&[&offer[..], &["--as-of", "2026-05-15"]].concat()),
        "FILE: --as-of is after the day on which the file was fetched, \"2026-05-15\", correct it or --retrieved-on"
    );
    assert_eq!(refused(&["--as-of", "May"]), "--as-of: not a date, \"May\", write YYYY-MM-DD");
    let own = root().join("data/inputs/prices/own.csv");
    let ran = import("prices", &own, &["--as-of", "2026-05-02"]).unwrap_err();
    assert_eq!(
        ran.err,
        "import: FILE: every row says its source and dates itself, --source, --retrieved-on or --as-of, leave them out\n"
    );
}

/// Only intensities of one method are ranked, so each reader says whose they are, or that the file does not.
#[test]
fn an_intensity_has_the_method_that_made_it() {
    let methods = |rows: &[Value]| rows.iter().map(|r| r["method"].to_string()).collect::<BTreeSet<_>>();
    let only = |name: Value| BTreeSet::from([name.to_string()]);
    assert_eq!(methods(&grid("74", "input.csv", &["--source", "s"]).0), only(json!("ember")));
    assert_eq!(methods(&grid("75", "input.json", &["--source", "s"]).0), only(json!("ember")));
    let hourly = ["--source", "s", "--basis", "direct"];
    assert_eq!(methods(&grid("73", "input.csv", &hourly).0), only(json!("electricity-maps")));
    let clouds = ["--source", "s", "--year", "2023"];
    let (rows, said) = grid("75", "input.csv", &clouds);
    assert_eq!(methods(&rows), only(Value::Null));
    assert!(said.contains("the file states no method, so its regions are not ranked (--method says it): 1"), "{said}");
    let (rows, said) = grid("75", "input.csv", &[&clouds[..], &["--method", "google"]].concat());
    assert_eq!(methods(&rows), only(json!("google")));
    assert!(!said.contains("method"), "{said}");
}

#[test]
fn reserved_hours_and_two_prices_of_one_offer() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("offer.csv");
    let header = OFFER.trim_end().to_string() + ",LeaseContractLength,PurchaseOption,OfferingClass,vCPU,Memory,GPU\n";
    let line = |term: &str, usd: &str, kind: &str, rest: &str| {
        format!("S,T,{term},Hrs,{usd},USD,{kind},Linux,Shared,Used,r,{rest},8,\"1,024 GiB\",4\n")
    };
    let text = [
        line("OnDemand", "4", "g", ",,"),
        line("OnDemand", "4.0", "g", ",,"),
        line("Reserved", "3", "g", "1yr,No Upfront,standard"),
        line("Reserved", "2", "g", "3yr,No Upfront,standard"),
        line("Reserved", "1", "g", "3yr,Partial Upfront,standard"),
        line("OnDemand", "5", "h", ",,"),
        line("OnDemand", "6", "h", ",,"),
    ];
    fs::write(&input, header + &text.concat()).unwrap();
    let (rows, said) = import("prices", &input, &FETCHED).unwrap();
    let usd: Vec<_> = rows.iter().map(|r| (r["tier"].as_str().unwrap(), r["usd_per_hour"].as_f64().unwrap())).collect();
    assert_eq!(usd, [("on_demand", 4.0), ("reserved_1yr", 3.0), ("reserved_3yr", 2.0)]);
    assert_eq!((&rows[0]["memory_mb"], &rows[0]["accelerator_count"]), (&json!(1_048_576.0), &json!(4)));
    assert!(
        said.contains(
            "several prices for one instance and tier, none taken: 1, first line 7 (h, 5 in line 7 and 6 in line 8)"
        ),
        "{said}"
    );
}

/// Many rows in any order: sorted in chunks that are put aside, and merged.
#[test]
fn two_hundred_thousand_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("own.csv"), folder.path().join("price.parquet"));
    let count = 200_000u64;
    let line =
        |i: u64| format!("p,r,i{:06},on_demand,{}.5,true,{},2026-01-01\n", i * 7919 % count, i % 50, "s".repeat(80));
    let lines: String = (0..count).map(line).collect();
    fs::write(&input, format!("{OWN}{lines}")).unwrap();
    stage("import", &["prices", "--output", &text(&output), &text(&input)]).ok();
    assert_eq!(io::scan(&output, &tables::PRICE, |_| {}).unwrap().rows, count as usize);
    fs::write(&input, format!("{OWN}{lines}{}", line(1))).unwrap();
    let ran = import("prices", &input, &[]).unwrap_err();
    assert_eq!(
        ran.err,
        "import: FILE: line 200002: same key as line 3, (p, r, i007919, on_demand), correct the line\n"
    );
}

#[test]
fn an_imported_table_can_be_edited_and_imported_again() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a.csv", "b.csv"].map(|f| folder.path().join(f));
    let input = text(&root().join("data/inputs/prices/aws.csv"));
    stage("import", &["prices", "--output", &text(&first), &input]).ok();
    stage("import", &["prices", "--output", &text(&second), &text(&first)]).ok();
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    assert_eq!(import("prices", &first, &[]).unwrap().0, import("prices", Path::new(&input), &[]).unwrap().0);
    let grid = text(&root().join("data/inputs/grid/countries.csv"));
    stage("import", &["grid", "--output", &text(&first), &grid]).ok();
    assert_eq!(import("grid", &first, &[]).unwrap().0, import("grid", Path::new(&grid), &[]).unwrap().0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside the files");
}

/// What `derive-costs` makes of TR119 with these price files: the costs, or the refusal.
fn costs(prices: &[&Path], grid: &Path) -> Result<Vec<Value>, String> {
    let folder = tempfile::tempdir().unwrap();
    let tables = crate::refusals::imported(folder.path());
    let (energy, cost) = (folder.path().join("run_energy.parquet"), folder.path().join("cost.parquet"));
    let config = "data/inputs/tr119/pipeline.toml";
    crate::refusals::join(&tables, config, &energy).ok();
    let [cell, fact] = crate::refusals::facts(&energy);
    let (out, grid) = (text(&cost), text(grid));
    let prices: Vec<String> = prices.iter().map(|p| text(p)).collect();
    let mut arguments = vec!["--config", config, "--read", &tables[0], &tables[1], &cell, &fact, "--prices"];
    arguments.extend(prices.iter().map(String::as_str));
    arguments.extend(["--grid", &grid, "--write", &out]);
    let ran = stage("derive-costs", &arguments);
    match ran.code {
        Some(0) => Ok(rows::from_batches("cost", &io::read(&cost, &tables::COST).unwrap()).unwrap()),
        _ => Err(ran.err.trim_end().to_string()),
    }
}

#[test]
fn prices_and_grid_may_be_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let [csv, grid_csv] = ["price.csv", "grid.csv"].map(|f| root().join("data/inputs/tr119").join(f));
    let [parquet, grid] = ["x.parquet", "y.parquet"].map(|f| folder.path().join(f));
    stage("import", &["prices", "--output", &text(&parquet), &text(&csv)]).ok();
    stage("import", &["grid", "--output", &text(&grid), &text(&grid_csv)]).ok();
    let costs_of_csv = costs(&[&csv], &grid_csv).unwrap();
    assert!(costs_of_csv.len() > 100);
    assert!(costs(&[&parquet], &grid).unwrap() == costs_of_csv);
    let twice = costs(&[&csv, &parquet], &grid).unwrap_err();
    let line = fs::read_to_string(&csv)
        .unwrap()
        .lines()
        .position(|l| l.starts_with("aws_g5_xlarge,any,g5.xlarge,on_demand"))
        .unwrap()
        + 1;
    assert_eq!(
        twice,
        format!(
            "derive-costs: {}: row 1: same key as line {line} of {}, (aws_g5_xlarge, any, g5.xlarge, on_demand), \
             fix it in the stage or input that produced the row",
            parquet.display(),
            csv.display()
        )
    );
    let other = costs(&[&grid], &grid).unwrap_err();
    assert_eq!(
        other,
        format!("derive-costs: {}: holds another table, \"grid\", give the file of table `price`", grid.display())
    );
}

/// Formats as the help lists them.
fn formats(command: &str) -> BTreeSet<String> {
    let help = stage("import", &[command, "--help"]).ok().out;
    let section = help.split("Formats, described in docs/imports.md:").nth(1).unwrap();
    section.lines().filter_map(|l| l.split_whitespace().next().map(str::to_string)).collect()
}

/// The file that a page's command reads.
fn published(name: &str) -> PathBuf {
    let (case, file) = match name {
        "vms.csv" => ("67", "input.csv"),
        "model_prices_and_context_window.json" => ("69", "input.json"),
        "index.csv" => ("70", "input.csv"),
        "DE_2026_hourly.csv" => ("73", "input.csv"),
        "yearly_full_release_long_format.csv" => ("74", "input.csv"),
        "impact.csv" => ("75", "input.csv"),
        "global_energy_mix.json" => ("75", "input.json"),
        inputs => return root().join(inputs),
    };
    folder(case).join(file)
}

#[test]
fn every_reader_is_a_file_and_a_page_whose_commands_work() {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().replace('_', "-");
    let stems = |folder: PathBuf, is_one: &dyn Fn(&PathBuf) -> bool| -> BTreeSet<String> {
        let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file());
        files.filter(is_one).map(stem).collect()
    };
    let index = fs::read_to_string(root().join("docs/imports.md")).unwrap();
    let into = tempfile::tempdir().unwrap();
    for command in ["prices", "grid"] {
        let is_reader = |p: &PathBuf| fs::read_to_string(p).unwrap().contains("pub const FORMAT: Format<Sink> =");
        assert_eq!(formats(command), stems(root().join("stages/import/src").join(command), &is_reader));
        let pages = root().join("docs/imports").join(command);
        assert_eq!(formats(command), stems(pages.clone(), &|_| true));
        for format in formats(command) {
            let page = fs::read_to_string(pages.join(format!("{format}.md"))).unwrap();
            assert!(
                page.starts_with(&format!("# {format}\n")) && page.contains("## What it refuses, and why"),
                "{format}"
            );
            assert!(index.contains(&format!("| [{format}](imports/{command}/{format}.md) |")), "{format}");
            let block = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
            for line in block.lines() {
                let line = line.strip_prefix("target/release/import ").unwrap_or_else(|| panic!("{line}"));
                // The case is of an invented country.
                let line = if format == "ember" { line.replace("DEU", "EXL") } else { line.to_string() };
                let mut words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
                let output = words.iter().position(|w| w == "--output").unwrap() + 1;
                words[output] = text(&into.path().join("x.parquet"));
                let input = words.pop().unwrap();
                words.push(text(&published(&input)));
                stage("import", &words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
            }
        }
    }
}

fn sample(format: &str) -> Vec<u8> {
    let file = match format {
        "own" => root().join("data/inputs/prices/own.csv"),
        "skypilot" => folder("68").join("input.csv"),
        "litellm" => folder("69").join("input.json"),
        "aws-offer" => folder("70").join("input.csv"),
        "electricity-maps" => folder("73").join("input.csv"),
        "ember" => folder("74").join("input.csv"),
        "codecarbon" => folder("75").join("input.json"),
        other => panic!("no sample of {other}"),
    };
    fs::read(file).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_rows_or_a_refusal(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0.0..1.0f64,
        cut in 0usize..60,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        for command in ["prices", "grid"] {
            for format in formats(command) {
                let whole = if (command, format.as_str()) == ("grid", "own") { Vec::new() } else { sample(&format) };
                let place = (at * whole.len() as f64) as usize;
                let end = (place + cut).min(whole.len());
                let spoilt = [&whole[..place], &noise[..noise.len() / 20], &whole[end..]].concat();
                for bytes in [&noise, &spoilt] {
                    fs::write(&input, bytes).unwrap();
                    let mut options = vec!["--format", format.as_str()];
                    match (command, format.as_str()) {
                        (_, "own") => {}
                        ("prices", _) => options.extend(FETCHED.iter().chain(&AWS)),
                        (_, "electricity-maps") => options.extend(["--source", "s", "--basis", "direct"]),
                        _ => options.extend(["--source", "s"]),
                    }
                    if let Err(ran) = import(command, &input, &options) {
                        prop_assert_eq!(ran.code, Some(1), "{}: {}", format, ran.err);
                        prop_assert!(ran.err.lines().all(|l| l.starts_with("import: ")) || ran.err.contains('\u{fffd}'), "{}", ran.err);
                    }
                }
            }
        }
    }
}

//! Contracts: what is refused on write and on read, and what a footer says.

use arrow::array::{Float64Array, RecordBatch};
use proptest::prelude::*;
use schemas::{
    Contract, Kind, Provenance, io, rows,
    sorted::{Aside, Group, Kept, Sorter},
    tables, text,
};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn price(instance: &str, usd: f64) -> Value {
    json!({"provider": "p", "region": "r", "instance": instance, "tier": "spot", "usd_per_hour": usd, "includes_power": true,
           "source": "s", "retrieved_on": "2026-01-01"})
}

fn write(path: &Path, rows: &[Value]) -> Result<(), String> {
    io::write_rows(path, &tables::PRICE, rows, &Provenance::new("test", json!({"a": 1}))).map_err(|e| e.to_string())
}

#[test]
fn schema_md_is_fresh() {
    let file = fs::read_to_string(tests::root().join("schemas/SCHEMA.md")).unwrap();
    assert!(file == schemas::document::schema_md(), "schemas/SCHEMA.md is stale, run `make schema`");
}

#[test]
fn names_end_in_their_unit_and_keys_are_never_null() {
    const UNITS: &[&str] = &[
        "ns", "ms", "s", "j", "w", "kwh", "usd", "gco2e", "mb", "c", "pct", "mhz", "mtok", "hour", "months", "bytes",
        "token", "busy", "kgco2e", "years", "month", "tokens",
    ];
    for contract in tables::ALL {
        for key in contract.key {
            assert!(contract.column(key).is_some_and(|c| c.null.is_none()), "{}.{key}", contract.name);
        }
        for column in contract.columns.iter().filter(|c| matches!(c.kind, Kind::Float)) {
            let unit = column.name.rsplit('_').next().unwrap();
            let dimensionless = [
                "estimate",
                "median",
                "error",
                "low",
                "high",
                "level",
                "statistic",
                "df",
                "p",
                "adjusted",
                "difference",
                "ratio",
                "size",
                "pue",
                "machines",
                "share",
                "utilisation",
                "rates",
                "squared",
                "equivalent",
                "runs",
                "alpha",
                "correlation",
            ];
            assert!(
                UNITS.contains(&unit) || dimensionless.contains(&unit),
                "{}.{}: no unit",
                contract.name,
                column.name
            );
        }
    }
}

#[test]
fn rows_are_sorted_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("price.parquet");
    write(&path, &[price("b", 2.0), price("a", 1.0)]).unwrap();
    let back: Vec<Value> = rows::from_batches("price", &io::read(&path, &tables::PRICE).unwrap()).unwrap();
    let read: Vec<_> =
        back.iter().map(|r| (r["instance"].as_str().unwrap(), r["usd_per_hour"].as_f64().unwrap())).collect();
    assert_eq!(read, [("a", 1.0), ("b", 2.0)]);
    let from = io::provenance(&path, &tables::PRICE).unwrap();
    assert_eq!((from.stage.as_str(), &from.config), ("test", &json!({"a": 1})));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn same_rows_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["x", "y"].map(|d| folder.path().join(d).join("price.parquet"));
    write(&paths[0], &[price("b", 2.0), price("a", 1.0)]).unwrap();
    write(&paths[1], &[price("a", 1.0), price("b", 2.0)]).unwrap();
    assert_eq!(fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());
}

#[test]
fn writing_refuses_what_the_contract_forbids_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("price.parquet");
    let at = |what: &str| format!("{}: row {what}, fix it in the stage or input that produced the row", path.display());
    let twice = write(&path, &[price("a", 1.0), price("a", 2.0)]).unwrap_err();
    assert_eq!(twice, at("2: same key as row 1, (p, r, a, spot)"));
    let negative = write(&path, &[price("a", -1.0)]).unwrap_err();
    assert_eq!(negative, at("1: column `usd_per_hour` must be at least 0, \"-1\""));
    let mut unknown_tier = price("a", 1.0);
    unknown_tier["tier"] = "weekly".into();
    assert_eq!(
        write(&path, &[unknown_tier]).unwrap_err(),
        at("1: column `tier` must be one of on_demand, spot, reserved_1yr, reserved_3yr, on_prem, api, \"weekly\"")
    );
    let mut missing = price("a", 1.0);
    missing.as_object_mut().unwrap().remove("source");
    assert!(write(&path, &[missing]).unwrap_err().contains("source"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nan_and_infinity_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("price.parquet");
    for bad in [f64::NAN, f64::INFINITY] {
        let batch = rows::to_batch(&tables::PRICE, &[price("a", 1.0)]).unwrap();
        let mut columns = batch.columns().to_vec();
        columns[tables::PRICE.index("usd_per_hour").unwrap()] = std::sync::Arc::new(Float64Array::from(vec![bad]));
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let error = io::write(&path, &tables::PRICE, &[batch], &Provenance::default()).unwrap_err().to_string();
        assert!(error.contains(&format!("column `usd_per_hour` is not a finite number, \"{bad}\"")), "{error}");
    }
}

#[test]
fn rows_with_one_key_meet_in_the_order_of_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::new(&tables::PRICE, Aside::beside(&folder.path().join("x")));
    sorter.file(Path::new("f.csv"));
    for (line, (instance, usd)) in
        [("b", 3.0), ("a", 1.0), ("b", 5.0), ("c", 2.0), ("b", 4.0), ("c", 2.0)].into_iter().enumerate()
    {
        sorter.row(line as u64 + 2, price(instance, usd)).unwrap();
    }
    let mut met = Vec::new();
    let mut pick = |group: &Group| {
        met.push((group.text(0, "instance"), (0..group.rows()).map(|i| group.place(i).1).collect::<Vec<_>>()));
        let of_c = Kept { row: 1, numbers: vec![("memory_mb", 7.0), ("no_such_column", 1.0)] };
        Ok(match group.rows() {
            1 => Some(Kept::row(0)),
            2 => Some(of_c),
            _ => None,
        })
    };
    let mut batches = Vec::new();
    let each = &mut |batch: &RecordBatch| {
        batches.push(batch.clone());
        Ok(())
    };
    sorter.merge(&mut pick, each).unwrap();
    assert_eq!(met, [("a".into(), vec![3]), ("b".into(), vec![2, 4, 6]), ("c".into(), vec![5, 7])]);
    let rows: Vec<Value> = rows::from_batches("price", &batches).unwrap();
    let seen: Vec<_> = rows.iter().map(|r| (r["instance"].as_str().unwrap(), r["memory_mb"].as_f64())).collect();
    assert_eq!(seen, [("a", None), ("c", Some(7.0))]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn csv(text: &str) -> Result<Vec<text::Row>, String> {
    let contract: &'static Contract = &tables::GRID;
    text::parse_csv(text.as_bytes(), Path::new("grid.csv"), contract).map_err(|e| e.to_string())
}

#[test]
fn csv_reads_byte_order_marks_instants_and_empty_fields() {
    let rows = csv(
        "\u{feff}region,start,end,usd_per_kwh,basis,source\r\nx,2024-01-01T00:00:00Z,1735689600000000000,,direct,\"a, b\"\r\n",
    );
    let row = &rows.unwrap()[0];
    assert_eq!(row["start_ns"], 1_704_067_200_000_000_000i64);
    assert_eq!(row["end_ns"], 1_735_689_600_000_000_000i64);
    assert_eq!((&row["usd_per_kwh"], &row["source"]), (&Value::Null, &json!("a, b")));
}

#[test]
fn csv_faults_name_file_line_and_value() {
    let header = "region,start,end,usd_per_kwh,basis,source\n";
    let fault = |line: &str| csv(&format!("{header}{line}\n")).unwrap_err();
    assert_eq!(
        fault("x,2024-01-01T00:00:00Z,2025-01-01T00:00:00Z,0.2O,direct,s"),
        "grid.csv: line 2: column `usd_per_kwh` is not a number, \"0.2O\", correct the line"
    );
    assert_eq!(
        fault("x,2024-01-01T00:00:00,2025-01-01T00:00:00Z,0.2,direct,s"),
        "grid.csv: line 2: column `start_ns` is not a whole number, \"2024-01-01T00:00:00\", correct the line"
    );
    assert_eq!(
        fault("x,0,1,NaN,direct,s"),
        "grid.csv: line 2: column `usd_per_kwh` is not a finite number, \"NaN\", correct the line"
    );
    assert_eq!(fault("x,0,1,0.2,direct"), "grid.csv: line 2: 5 fields where the header has 6, correct the line");
    assert_eq!(
        fault("x,0,1,0.2,direct,s\nx,0,1,0.3,direct,s"),
        "grid.csv: line 3: same key as line 2, (x, 0), correct the line"
    );
    assert!(
        csv("region,colour\n").unwrap_err().starts_with("grid.csv: unknown column, \"colour\", use: region, start_ns")
    );
    assert_eq!(
        csv("region,start,end,basis\n").unwrap_err(),
        "grid.csv: missing column, \"source\", add it (Where they were read)"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = text::parse_csv(&bytes, Path::new("f.csv"), &tables::PRICE);
        let _ = io::contract_of(Path::new(&String::from_utf8_lossy(&bytes).into_owned()));
    }

    #[test]
    fn numbers_survive_csv_rows_and_parquet(usd in 0f64..1e6, start in -1i64 << 60..1i64 << 60) {
        let line = format!("region,start_ns,end_ns,usd_per_kwh,basis,source\nx,{start},0,{usd},direct,s\n");
        let rows = csv(&line).map_err(TestCaseError::fail)?;
        let back: Vec<Value> = rows::from_batches("grid", &[rows::to_batch(&tables::GRID, &rows).unwrap()]).unwrap();
        prop_assert_eq!(back[0]["usd_per_kwh"].as_f64(), Some(usd));
        prop_assert_eq!(back[0]["start_ns"].as_i64(), Some(start));
    }
}

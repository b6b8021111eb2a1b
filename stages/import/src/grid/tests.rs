//! What contradicts itself is refused, and what is improbable is remarked on, in the words that a user sees.

use super::{ALL, Grid, Sink, order::Order};
use crate::{
    lists::{self, parsed},
    read::{fault::Notes, format, source::Source},
};
use schemas::{
    sorted::{Aside, Group, Sorter, only},
    tables::GRID,
    text::instant,
};

const MAPS: &str = "Datetime (UTC),Datetime (local),Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),\
                    Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),Renewable energy percentage (RE%)\n";
const EMBER: &str = "Area,ISO 3 code,Year,Variable,Unit,Value\n";

/// Remarks of reading a text, or its refusal, and how many rows it gave.
fn read(text: &str, options: &[&str]) -> Result<(usize, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let options: lists::Grid = parsed(options);
    let mut sink = Sink::new(&options, Aside::beside(&folder.path().join("out.csv")));
    let source = Source::of(text.as_bytes()).with_decimal(options.decimal);
    let read = format::of(source, None, ALL).and_then(|f| (f.read)(source, &mut sink));
    read.map_err(|fault| fault.of(source.path).to_string())?;
    Ok((sink.sorter.rows(), sink.notes.texts()))
}

fn maps(lines: &str) -> Result<(usize, Vec<String>), String> {
    read(&format!("{MAPS}{lines}\n"), &["--source", "s", "--basis", "lifecycle", "--interval", "hour"])
}

fn ember(lines: &str) -> Result<(usize, Vec<String>), String> {
    read(&format!("{EMBER}{lines}\n"), &["--source", "s"])
}

fn quiet(rows: usize) -> Result<(usize, Vec<String>), String> {
    Ok((rows, vec![]))
}

#[test]
fn own_tables_are_written_in_many_ways() {
    let plain = "region,start,end,usd_per_kwh,gco2e_per_kwh,basis,year,source\n\
                 DEU,2025-01-01T00:00:00Z,2026-01-01T00:00:00Z,0.25,351.2,lifecycle,2025,s\n";
    assert_eq!(read(plain, &[]), quiet(1));
    assert_eq!(read(&format!("sep=,\n{plain}"), &[]), quiet(1));
    assert_eq!(read(&plain.replace("0.25", "\"0,25\"").replace("351.2", "\"351,2\""), &[]), quiet(1));
    assert_eq!(read(&plain.replace(',', "\t").replace('.', ","), &[]), quiet(1));
    assert_eq!(
        read(&plain.replace("351.2", "\"351,2\""), &[]).unwrap_err(),
        "FILE: line 2: commas and points before decimals, \"351,2\" and in line 2 \"0.25\", \
         correct the file, or say which mark counts: --decimal comma or --decimal point"
    );
    assert_eq!(
        read(&plain.replace("2025-01-01T00:00:00Z", "2025-01-01T00:00:00"), &[]).unwrap_err(),
        "FILE: line 2: column `start` is not a time with its zone, \"2025-01-01T00:00:00\", write it as 2026-05-14T09:00:00Z"
    );
}

#[test]
fn figures_of_one_hour_that_contradict_each_other() {
    let healthy = "2026-05-14 09:00:00,2026-05-14 11:00:00,North,EX,100.5,140.25,70.5,60.25";
    assert_eq!(maps(healthy), quiet(1));
    let refused = |from: &str, to: &str| maps(&healthy.replace(from, to)).unwrap_err();
    let remedy = "the columns may be exchanged: give the file as it was fetched";
    for (found, what) in [
        (
            refused("100.5,140.25", "140.25,100.5"),
            format!("direct emissions above those of the life cycle, 140.25 and 100.5, {remedy}"),
        ),
        (
            refused("70.5,60.25", "60.25,70.5"),
            format!("more renewable than carbon-free energy, 70.5 and 60.25, {remedy}"),
        ),
        (
            refused("70.5,60.25", "140.25,60.25"),
            "a percentage above 100, \"140.25\", give the file as it was fetched".into(),
        ),
        (
            refused("2026-05-14 11:00:00", "2026-05-14 11:10:00"),
            "local time and UTC that no zone has at one instant, \"2026-05-14 11:10:00\" and \"2026-05-14 09:00:00\", \
             give the file as it was fetched"
                .into(),
        ),
    ] {
        assert_eq!(found, format!("FILE: line 2: {what}"));
    }
    let (_, notes) =
        maps(&format!("{healthy}\n{}", healthy.replace("09:00", "10:00").replace("North", "South"))).unwrap();
    assert_eq!(notes, ["another name of a zone: 1, first line 3 (EX, \"South\" after \"North\")"]);
}

#[test]
fn a_unit_in_a_header_is_read() {
    let with = |unit: &str| {
        let header = MAPS.replace("gCO₂eq/kWh", unit);
        let line = "2026-05-14 09:00:00,,North,EX,100.5,140.25,70.5,60.25\n";
        read(&format!("{header}{line}"), &["--source", "s", "--basis", "lifecycle", "--interval", "hour"])
    };
    assert_eq!((with("gCO2/kWh"), with("kgCO₂eq/MWh")), (quiet(1), quiet(1)));
    for unit in ["kgCO₂eq/kWh", "lbCO2/MWh", "gCO₂eq/MWh", "tCO2/MWh"] {
        let wanted = format!(
            "FILE: a carbon intensity in another unit, \"Carbon intensity {unit} (Life cycle)\", \
             give g/kWh: convert the file, and its header, first"
        );
        assert_eq!(with(unit), Err(wanted));
    }
}

#[test]
fn years_of_a_country_fit_each_other() {
    let intensity = |year: i64, g: &str| format!("X,EXL,{year},CO2 intensity,gCO2/kWh,{g}\n");
    let totals = "X,EXL,2024,Total Generation,TWh,120\nX,EXL,2024,Total emissions,mtCO2,42\n";
    assert_eq!(ember(&(intensity(2023, "355") + &intensity(2024, "350") + totals)), quiet(1));
    let note = |lines: String| ember(&lines).unwrap().1.join("\n");
    for (found, what) in [
        (
            note(intensity(2024, "346.2") + totals),
            "an intensity that is not the emissions by the generation of its year: 1, first line 2 \
             (X 2024, 346.2 and 350.0 of 42 Mt for 120 TWh)",
        ),
        (
            note(intensity(2023, "35") + &intensity(2024, "350")),
            "implausible, an intensity that changed more than 5 times in a year: 1, first line 3 (EXL 2024, 350 after 35)",
        ),
        (
            note(intensity(2022, "350") + &intensity(2024, "350")),
            "years without a row: 1, first line 3 (EXL, 2022 to 2024)",
        ),
        (
            note(intensity(2022, "350") + &intensity(2023, "") + &intensity(2024, "")),
            "several newer years are empty: 1, first line 4 (EXL, 2022 is used)\n2024 is empty, 2022 used: 1, first line 4 (EXL)",
        ),
    ] {
        assert_eq!(found, what);
    }
    let blank = intensity(2024, "350").replace("EXL", "");
    assert_eq!(
        ember(&(intensity(2023, "355") + &blank)).unwrap_err(),
        "FILE: line 3: two codes of one area, X, \"\" and in line 2 \"EXL\", correct one of the lines"
    );
}

#[test]
fn a_percentage_in_the_place_of_an_intensity() {
    let table = "provider,region,impact,offsetRatio\naws,a,415,100\naws,b,100,415\n";
    assert_eq!(
        read(table, &["--source", "s", "--year", "2023", "--basis", "lifecycle", "--method", "m"]).unwrap_err(),
        "FILE: line 3: column `offsetRatio` is above 100 %, \"415\", \
         the columns may be exchanged: give the file as it was fetched"
    );
}

#[test]
fn an_entry_of_another_country() {
    let text = r#"{"EXL": {"carbon_intensity": 351.2, "iso_code": "EXN", "year": 2023}}"#;
    assert_eq!(
        read(text, &["--source", "s"]).unwrap_err(),
        "FILE: line 1: two codes of one country, EXL and \"EXN\", give the file as it was fetched"
    );
    assert_eq!(read(&text.replace("EXN", "EXL"), &["--source", "s"]), quiet(1));
}

/// What is said of intervals, `region start end` in hours of a day.
fn ordered(rows: &[(&str, u32, u32, &str)]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let (mut order, mut notes) = (Order::default(), Notes::default());
    let mut sorter = Sorter::new(&GRID, Aside::beside(&folder.path().join("x")));
    sorter.file("FILE".as_ref());
    let at = |hour: u32| instant(&format!("2026-05-{:02}T{:02}:00:00Z", 14 + hour / 24, hour % 24)).unwrap();
    for (line, (region, start, end, basis)) in (2..).zip(rows) {
        let (region, start_ns, end_ns) = ((*region).into(), at(*start), at(*end));
        sorter.row(line, Grid { region, start_ns, end_ns, basis: (*basis).into(), ..Grid::default() }).unwrap();
    }
    let mut pick = |group: &Group| {
        let kept = only(group)?;
        order.see(group, &mut notes)?;
        Ok(kept)
    };
    sorter.merge(&mut pick, &mut |_| Ok(())).map_err(|e| e.to_string())?;
    order.remark(&mut notes);
    Ok(notes.texts())
}

#[test]
fn hours_follow_each_other() {
    assert_eq!(ordered(&[("a", 9, 10, "direct"), ("a", 10, 11, "direct"), ("b", 9, 10, "lifecycle")]), Ok(vec![]));
    assert_eq!(
        ordered(&[("a", 9, 10, "direct"), ("a", 12, 13, "direct")]),
        Ok(vec!["intervals are missing before this one: 1, first line 3 (a, 2 h)".into()])
    );
    assert_eq!(
        ordered(&[("a", 9, 11, "direct"), ("a", 10, 11, "direct")]),
        Err("FILE: line 3: two intervals of one region at one time, a, and in line 2, remove one of the rows".into())
    );
    assert_eq!(
        ordered(&[("a", 9, 10, "direct"), ("a", 10, 11, "lifecycle")]),
        Ok(vec![
            "another basis or method than in the interval before: 1, first line 3 (a, lifecycle after direct)".into()
        ])
    );
    assert_eq!(
        ordered(&[("a", 9, 10, "direct"), ("a-n", 10, 11, "direct")]),
        Ok(vec!["a region ends where another one begins, perhaps renamed: 1, first line 2 (a, a-n)".into()])
    );
}

#[test]
fn an_interval_has_the_columns_of_the_contract() {
    let grid = serde_json::to_value(Grid::default()).unwrap();
    let mut fields: Vec<&str> = grid.as_object().unwrap().keys().map(String::as_str).collect();
    let mut columns: Vec<&str> = GRID.columns.iter().map(|c| c.name).collect();
    fields.sort_unstable();
    columns.sort_unstable();
    assert_eq!(fields, columns);
}

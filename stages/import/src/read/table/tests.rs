//! Tests of tables: damaged rows, headers in mid-file, marks of decimals.

use super::*;

/// Lines and fields of rows, and what was remarked.
type Found = (Vec<(u64, Vec<String>)>, Vec<String>);

fn read(text: &str) -> Result<Found, String> {
    let is_header = |names: &[String]| names.iter().any(|n| n.starts_with("power"));
    let (mut notes, mut found) = (Notes::default(), Vec::new());
    let mut read = || {
        let mut table = Table::find(Source::of(text.as_bytes()).lines()?, &is_header, "power")?;
        let count = table.header.names.len();
        while let Some(row) = table.next(&mut notes)? {
            found.push((row.line, (0..count).map(|i| row.get(i).into_owned()).collect()));
        }
        Ok(())
    };
    read().map_err(|fault: Fault| fault.of("f".as_ref()).to_string())?;
    Ok((found, notes.texts()))
}

fn rows(text: &str) -> Found {
    read(text).unwrap()
}

fn fields_of(text: &str) -> Vec<String> {
    rows(text).0.into_iter().map(|(_, fields)| fields.join("|")).collect()
}

#[test]
fn rows_under_headers_that_repeat() {
    let (found, notes) = rows("words\ntime, power\n1, \"a, \"\"b\"\"\"\ntime, power\n\n2, 5 W\n");
    assert_eq!(found, [(3, vec!["1".into(), "a, \"b\"".into()]), (6, vec!["2".into(), "5 W".into()])]);
    assert_eq!(notes, [""; 0]);
}

#[test]
fn cut_and_glued_rows_are_left_out_with_their_lines() {
    let (found, notes) = rows("time, power\n1, 200.00 W\n2, 20021, 200.00 W\n3, 20");
    assert_eq!(found.iter().map(|r| r.0).collect::<Vec<_>>(), [2]);
    assert_eq!(
        notes,
        [
            "not as many fields as the header, left out: 1, first line 3",
            "the last row is cut, left out: 1, first line 4"
        ]
    );
    // A whole last row whose line end is missing stays, one that cannot be told from a cut one does not.
    assert_eq!(rows("time,power\n1,2.50\n2,3.50").0.len(), 2);
    assert_eq!(rows("time,power\n1,200\n2,20").0.len(), 1);
}

#[test]
fn a_header_in_the_middle_moves_the_columns() {
    let (found, notes) = rows("time,power,temp\n1,200,60\ntime,temp,power\n2,61,201\ntime,power,temp\n3,202,62\n");
    let fields: Vec<String> = found.iter().map(|r| r.1.join("|")).collect();
    assert_eq!(fields, ["1|200|60", "2|201|61", "3|202|62"]);
    assert_eq!(notes, ["another header, its columns are found by name: 2, first lines 3, 5"]);
    // More columns, and another separator.
    let (found, notes) = rows("time,power\n1,200\nfan;power;time\n9;201;2\n");
    assert_eq!((found[1].1.join("|"), found.len()), ("2|201".into(), 2));
    assert_eq!(notes, ["another header, its columns are found by name (new and not read: fan): 1, first line 3"]);
    // Without the columns of the reader, and with them again.
    let (found, notes) = rows("time,power\n1,200\ntime,temp\n2,61\n3,62\ntime,power\n4,203\n");
    assert_eq!(found.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 7]);
    assert_eq!(
        notes,
        [
            "another header, its columns are found by name (no power; new and not read: temp): 1, first line 3",
            "under a header without the columns that are read, left out: 2, first lines 4, 5",
            "another header, its columns are found by name: 1, first line 6"
        ]
    );
    // A column that is gone is empty.
    assert_eq!(fields_of("time,power,temp\n1,200,60\ntime,power\n2,201\n"), ["1|200|60", "2|201|"]);
    // Behind a row that was cut, and behind the mark of another file.
    assert_eq!(fields_of("time,power,temp\n1,200,60\n2,20time,temp,power\n3,61,201\n"), ["1|200|60", "3|201|61"]);
    assert_eq!(fields_of("time,power\n1,200\n\u{feff}power,time\n201,2\n"), ["1|200", "2|201"]);
}

#[test]
fn headers_that_no_reader_can_follow_are_refused() {
    let refusal = |text| read(text).unwrap_err();
    assert_eq!(
        refusal("time,power [W]\n1,200\ntime,power [mW]\n2,200000\n"),
        "f: line 3: a header in the middle that changes a unit, \"power [mW]\" after \"power [W]\" of the header in line 1, \
         cut the file before line 3 and import the parts"
    );
    assert_eq!(
        refusal("time,power\n1,200\nmoment,draw\n2,61\n"),
        "f: line 3: names in the middle that are not those of the header, \"2,61\", \
         correct that line, or cut the file there and import the parts"
    );
    assert_eq!(
        refusal("time,power\n1,200\n3,4,time,power,5\n2,61\n"),
        "f: line 3: a header inside of a row, \"3,4,time,power,5\", cut the file there and import the parts"
    );
    assert_eq!(
        refusal("time;power\ns;mW\n1;200\ntime;power\ns;W\n1;200\n"),
        "f: line 5: other units than those below the first header, \"s;W\", \
         cut the file before line 5 and import the parts"
    );
}

#[test]
fn a_row_of_units_is_part_of_the_header() {
    let text = "time;power\ns;mW\n1;200\ntime;power\ns;mW\n2;201\n";
    assert_eq!(fields_of(text), ["1|200", "2|201"]);
    let is_header = |names: &[String]| names.iter().any(|n| n.starts_with("power"));
    let table = Table::find(Source::of(text.as_bytes()).lines().unwrap(), &is_header, "power").unwrap();
    assert_eq!(table.header.names, ["time", "power [mW]"]);
}

#[test]
fn the_first_line_may_name_the_separator() {
    assert_eq!(fields_of("sep=;\ntime;power\n1;200\n"), ["1|200"]);
    assert_eq!(fields_of("sep=:\ntime:power\n1:200\n"), ["1|200"]);
}

#[test]
fn the_mark_of_decimals_is_the_files() {
    let decimal = |text: &str| {
        let is_header = |names: &[String]| names.iter().any(|n| n.starts_with("power"));
        let found = Table::find(Source::of(text.as_bytes()).lines().unwrap(), &is_header, "power");
        found.map(|table| table.decimal).map_err(|fault| fault.of("f".as_ref()).to_string())
    };
    assert_eq!(decimal("time\tpower\n1\t0,412\n"), Ok(Decimal::CommaOfFile));
    assert_eq!(decimal("time,power\n1,\"98,5\"\n2,\"152,125\"\n"), Ok(Decimal::CommaOfFile));
    assert_eq!(decimal("time,power\n1,98.512\n"), Ok(Decimal::PointOfFile));
    assert_eq!(
        decimal("time;power\n1;1,250\n"),
        Err("f: line 2: a comma of decimals or of thousands?, \"1,250\", \
             say which mark is before the decimals: --decimal comma or --decimal point"
            .into())
    );
    // The proof may be far behind the question, and behind the rows that are looked at first.
    let far = format!("time;power\n{}1;98,5\n", "1;1,250\n".repeat(2000));
    assert_eq!(decimal(&far), Ok(Decimal::CommaOfFile));
    let late = format!("time,power\n{}1,\"98,5\"\n", "1,200\n".repeat(2000));
    assert_eq!(
        read(&late).unwrap_err(),
        "f: line 2002: a decimal comma behind rows that have none, \"98,5\", say that it is one: --decimal comma"
    );
}

//! Tests of sheets: whole rows, quotes, headers.

use super::*;

fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>> {
    let mut found = Vec::new();
    Sheet::open(Source::of(text.as_bytes()))?.each(&mut |row| {
        found.push((row.line, (0..row.header.len()).map(|at| row.text(at).to_string()).collect()));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn quotes_hold_delimiters_quotes_and_ends_of_lines() {
    let found = rows(
        "a,b,c\n1,\"x, \"\"y\"\"\",\"\"\n\n 2 , \" two\r\nlines\r\n\"\"more\"\"\" ,\"\"\"3\"\"\"\na,b,c\n4,5 \" disk,6\n",
    );
    let row = |line, fields: [&str; 3]| (line, fields.map(str::to_string).to_vec());
    let wanted = [
        row(2, ["1", "x, \"y\"", ""]),
        row(4, ["2", "two\nlines\n\"more\"", "\"3\""]),
        row(8, ["4", "5 \" disk", "6"]),
    ];
    assert_eq!(found, Ok(wanted.to_vec()));
}

#[test]
fn rows_that_do_not_fit_are_refused_with_their_line() {
    let refusal = |text: &str| rows(text).unwrap_err().to_string();
    assert_eq!(
        refusal("a,b\n1,2\n3\n"),
        ": line 3: 1 fields where the header has 2, \"3\", \
         a column has no name or a field is missing: give the file as the tool wrote it"
    );
    assert_eq!(refusal("a,b\n1,\"2\n3,4\n"), ": line 2: quotes that nothing closes, \"1,\"2\n3,4\", correct the line");
    let endless = format!("a,b\n1,\"{}", "2\n".repeat(LONGEST));
    assert!(refusal(&endless).starts_with(": line 2: quotes that nothing closes"));
}

#[test]
fn a_header_in_the_middle_moves_the_columns_or_is_refused() {
    let cells = |text: &str| rows(text).map(|rows| rows.into_iter().map(|r| r.1.join("|")).collect::<Vec<_>>());
    assert_eq!(cells("a,b,c\n1,2,3\nc,a,b\n30,10,20\na,b,c\n4,5,6\n").unwrap(), ["1|2|3", "10|20|30", "4|5|6"]);
    assert_eq!(cells("a,b\n1,2\nb;a\n20;10\n").unwrap(), ["1|2", "10|20"]);
    assert_eq!(
        cells("a,b\n1,2\na,c\n3,4\n").unwrap_err().to_string(),
        ": line 3: another header (no b; new and not read: c), \"a\", import each part by itself"
    );
    assert_eq!(
        cells("a_s,b\n1,2\nb,a_ms\n3,4\n").unwrap_err().to_string(),
        ": line 3: a header in the middle that changes a unit, \"a_ms\" after \"a_s\" of the header in line 1, \
         cut the file before line 3 and import the parts"
    );
}

#[test]
fn numbers_are_read_by_the_mark_of_the_file_and_the_unit_of_the_column() {
    let number = |text: &str, name: &str| {
        let found = Sheet::rows(Source::of(text.as_bytes()), &|names| names.iter().any(|n| n == name));
        found.and_then(|rows| rows[0].number(name)).map_err(|fault| fault.to_string())
    };
    let amount = |text: &str| {
        let mut found = None;
        Sheet::open(Source::of(text.as_bytes()))?.each(&mut |row| {
            found = row.amount(1)?;
            Ok(())
        })?;
        Ok(found)
    };
    assert_eq!(number("sep=;\na;b_s\n1;98,5\n2;152,125\n", "b_s"), Ok(Some(98.5)));
    assert_eq!(number("a,b_s\n1,\"152,125\"\n2,\"98,5\"\n", "b_s"), Ok(Some(152.125)));
    assert_eq!(number("a,b_s\n1,250 ms\n", "b_s"), Ok(Some(0.25)));
    assert_eq!(
        number("a,b_s\n1,250 W\n", "b_s"),
        Err(": line 2: column `b_s` is not in this unit, \"250 W\", correct the field".into())
    );
    assert_eq!(amount("a;b\n1;1.250,5\n"), Ok(Some(1250.5)));
    assert_eq!(
        amount("a;b\n1;1,250\n").map_err(|fault: Fault| fault.to_string()),
        Err(": line 2: a comma of decimals or of thousands?, \"1,250\", \
             say which mark is before the decimals: --decimal comma or --decimal point"
            .into())
    );
    assert_eq!(
        amount("a,b\n1,\"1,250 W\"\n2,0.5\n").map_err(|fault: Fault| fault.to_string()),
        Err(": line 2: column `b` is not a number, \"1,250 W\", correct the line".into())
    );
}

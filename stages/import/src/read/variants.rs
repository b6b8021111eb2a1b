//! One table written in many ways gives the same rows: separator, decimal mark, marks of thousands, encoding, ends of lines, quotes,
//! compression, a line that names the separator, and a header in the middle that puts the columns elsewhere.

use super::{
    fault::{Fault, Notes, Result},
    number::{Cell, cell},
    sheet::Sheet,
    source::Source,
    table::Table,
};
use encoding_rs::WINDOWS_1252;
use flate2::{Compression, write::GzEncoder};
use proptest::{prelude::*, sample::select};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write;

const NAMES: [&str; 4] = ["zeit", "größe", "power_w", "wort"];

/// A number as digits and how many of them are decimals.
#[derive(Debug, Clone, Copy)]
struct Number {
    digits: i64,
    decimals: usize,
}

impl Number {
    fn value(self) -> f64 {
        self.written(false, false).parse().unwrap()
    }

    fn written(self, comma: bool, grouped: bool) -> String {
        let Number { digits, decimals } = self;
        let digits = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let (mark, group) = if comma { (",", ".") } else { (".", ",") };
        let mut text = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if grouped && i > 0 && (whole.len() - i) % 3 == 0 {
                text += group;
            }
            text.push(digit);
        }
        if decimals > 0 { text + mark + fraction } else { text }
    }
}

#[derive(Debug, Clone)]
struct Variant {
    separator: char,
    comma: bool,
    grouped: bool,
    quoted: bool,
    named: bool,
    end: &'static str,
    blank: usize,
    encoding: usize,
    packing: usize,
    /// Line before which the header comes again, with its columns in this order.
    again: usize,
    order: [usize; 4],
    units: bool,
}

fn variant() -> impl Strategy<Value = Variant> {
    let orders: Vec<[usize; 4]> = (0..256)
        .map(|n| [n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6])
        .filter(|o| (0..4).all(|at| o.contains(&at)))
        .collect();
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let ends = select(vec!["\n", "\r\n", "\r", "\r\r\n"]);
    (select(vec![',', ';', '\t', '|']), flags, ends, 0usize..3, 0usize..6, 0usize..3, 0usize..12, select(orders))
        .prop_map(|(separator, (comma, grouped, quoted, named, units), end, blank, encoding, packing, again, order)| {
            Variant { separator, comma, grouped, quoted, named, end, blank, encoding, packing, again, order, units }
        })
}

type Record = (Number, Number, String);

fn record() -> impl Strategy<Value = Record> {
    let number = || (0i64..5_000_000, 0usize..5).prop_map(|(digits, decimals)| Number { digits, decimals });
    (number(), number(), "[a-zäöß ,;|\"]{0,6}").prop_map(|(a, b, word)| (a, b, format!("x{}y", word)))
}

fn time(at: usize) -> String {
    format!("2026-05-14 09:00:{:02}.5", at % 60)
}

impl Variant {
    fn field(&self, text: &str) -> String {
        match self.quoted || text.contains([self.separator, '"']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_string(),
        }
    }

    fn line(&self, fields: [String; 4], order: [usize; 4]) -> String {
        let fields: Vec<String> = order.iter().map(|at| self.field(&fields[*at])).collect();
        fields.join(&self.separator.to_string()) + self.end
    }

    fn bytes(&self, records: &[Record]) -> Vec<u8> {
        let usual = [0, 1, 2, 3];
        let names = || NAMES.map(str::to_string);
        let mut text = if self.named { format!("sep={}{}", self.separator, self.end) } else { String::new() };
        text += &self.line(names(), usual);
        let mut order = usual;
        for (i, (a, b, word)) in records.iter().enumerate() {
            if i + 1 == self.again {
                order = self.order;
                text += &self.line(names(), order);
            }
            let number = |n: &Number| n.written(self.comma, self.grouped);
            let power = if self.units { number(b) + " W" } else { number(b) };
            text += &self.line([time(i), number(a), power, word.clone()], order);
        }
        text += &self.end.repeat(self.blank);
        let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let bytes = match self.encoding {
            0 => text.clone().into_bytes(),
            1 => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            2 => [b"\xFF\xFE".to_vec(), wide(u16::to_le_bytes)].concat(),
            3 => [b"\xFE\xFF".to_vec(), wide(u16::to_be_bytes)].concat(),
            4 => wide(u16::to_le_bytes),
            _ => WINDOWS_1252.encode(&text).0.into_owned(),
        };
        match self.packing {
            0 => bytes,
            1 => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap()
            }
            _ => compress_to_vec(bytes.as_slice(), CompressionLevel::Fastest),
        }
    }
}

type Rows = Vec<(String, f64, f64, String)>;

fn of_table(bytes: &[u8]) -> Result<Rows> {
    let is_header = |names: &[String]| names.iter().any(|n| n == "power_w");
    let mut table = Table::find(Source::of(bytes).lines()?, &is_header, "power_w")?;
    let (decimal, mut notes, mut rows) = (table.decimal, Notes::default(), Rows::new());
    while let Some(row) = table.next(&mut notes)? {
        let number = |at: usize| match cell(&row.get(at), decimal) {
            Cell::Number(q) => q.value,
            other => panic!("{other:?} of {}", row.get(at)),
        };
        rows.push((row.get(0).into_owned(), number(1), number(2), row.get(3).into_owned()));
    }
    assert_eq!(table.left_out, 0, "{:?}", notes.texts());
    Ok(rows)
}

fn of_sheet(bytes: &[u8]) -> Result<Rows> {
    let rows = Sheet::rows(Source::of(bytes), &|names| names.iter().any(|n| n == "power_w"))?;
    let of = |row: &super::sheet::Row| {
        Ok((row.text(0).into(), row.must("größe")?, row.must("power_w")?, row.text(3).into()))
    };
    rows.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_way_of_writing_changes_no_row(mut records in proptest::collection::vec(record(), 0..12), variant in variant()) {
        // What proves the mark: without any such number the file is a question.
        records.push((Number { digits: 12_345, decimals: 1 }, Number { digits: 5, decimals: 1 }, "end".into()));
        let wanted: Rows = records
            .iter()
            .enumerate()
            .map(|(i, (a, b, word))| (time(i), a.value(), b.value(), word.trim().to_string()))
            .collect();
        let bytes = variant.bytes(&records);
        let said = |fault: Fault| TestCaseError::fail(format!("{fault}\n{}", String::from_utf8_lossy(&bytes)));
        prop_assert_eq!(of_table(&bytes).map_err(said)?, wanted.clone());
        prop_assert_eq!(of_sheet(&bytes).map_err(said)?, wanted);
    }
}

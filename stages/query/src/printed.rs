//! A table for the terminal, row by row: the first rows say how wide the columns are, and a wider cell sticks out.

use anyhow::Result;
use arrow::{
    array::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use schemas::terminal::escaped_line;
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// What waits until the widths are known: rows, and bytes of their cells.
const ROWS: usize = 10_000;
const BYTES: usize = 16 << 20;

#[derive(Default)]
pub struct Printed {
    head: Vec<String>,
    waiting: Vec<Vec<String>>,
    bytes: usize,
    /// Known once the first row is out.
    widths: Option<Vec<usize>>,
}

impl Printed {
    pub fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        if self.head.is_empty() {
            self.head = batch.schema().fields().iter().map(|f| escaped_line(f.name()).into_owned()).collect();
        }
        let options = FormatOptions::default().with_display_error(true);
        let columns = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> =
                columns.iter().map(|c| escaped_line(&c.value(row).to_string()).into_owned()).collect();
            if let Some(widths) = &self.widths {
                line(out, widths, &cells)?;
                continue;
            }
            self.bytes += cells.iter().map(String::len).sum::<usize>();
            self.waiting.push(cells);
            if self.waiting.len() >= ROWS || self.bytes >= BYTES {
                self.begin(out)?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self, out: &mut dyn Write) -> Result<()> {
        if self.widths.is_none() {
            self.begin(out)?;
        }
        rule(out, &self.widths.unwrap_or_default())
    }

    fn begin(&mut self, out: &mut dyn Write) -> Result<()> {
        let widest =
            |i: usize| self.waiting.iter().chain([&self.head]).map(|cells| cells[i].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.head.len()).map(widest).collect();
        rule(out, &widths)?;
        line(out, &widths, &self.head)?;
        rule(out, &widths)?;
        self.waiting.drain(..).try_for_each(|cells| line(out, &widths, &cells))?;
        self.widths = Some(widths);
        Ok(())
    }
}

fn rule(out: &mut dyn Write, widths: &[usize]) -> Result<()> {
    widths.iter().try_for_each(|width| write!(out, "+{}", "-".repeat(width + 2)))?;
    Ok(writeln!(out, "+")?)
}

fn line(out: &mut dyn Write, widths: &[usize], cells: &[String]) -> Result<()> {
    for (cell, width) in cells.iter().zip(widths) {
        write!(out, "| {cell}{} ", " ".repeat(width.saturating_sub(cell.width())))?;
    }
    Ok(writeln!(out, "|")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::{
        array::{Float64Array, StringArray},
        util::pretty::pretty_format_batches,
    };
    use std::sync::Arc;

    fn batch(names: Vec<Option<&str>>) -> RecordBatch {
        let numbers =
            Float64Array::from_iter(names.iter().enumerate().map(|(i, _)| (i != 1).then_some(i as f64 / 3.0)));
        let names = Arc::new(StringArray::from(names));
        RecordBatch::try_from_iter([("name", names as _), ("größe", Arc::new(numbers) as _)]).unwrap()
    }

    fn printed(batches: &[RecordBatch]) -> String {
        let (mut out, mut printed) = (Vec::new(), Printed::default());
        batches.iter().for_each(|b| printed.write(b, &mut out).unwrap());
        printed.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn looks_like_arrows_own_table() {
        for names in [vec![], vec![Some("a"), None, Some("Zürich 漢字 🔥"), Some("")]] {
            let batch = batch(names);
            let wanted = pretty_format_batches(std::slice::from_ref(&batch)).unwrap().to_string();
            assert_eq!(printed(&[batch]), format!("{wanted}\n"));
        }
    }

    #[test]
    fn no_control_character_passes() {
        let out = printed(&[batch(vec![Some("a\x1b[31m\nb\u{9b}")])]);
        assert!(out.contains("a\\u{1b}[31m\\nb\\u{9b}") && !out.contains('\x1b'), "{out}");
    }

    #[test]
    fn rows_behind_the_first_stick_out() {
        let out = printed(&[batch(vec![Some("x"); ROWS]), batch(vec![Some("much longer"), Some("y")])]);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), ROWS + 2 + 4);
        assert!(lines[ROWS + 3].starts_with("| much longer | 0"), "{}", lines[ROWS + 3]);
        assert!(lines[ROWS + 4].starts_with("| y    |"), "{}", lines[ROWS + 4]);
    }
}

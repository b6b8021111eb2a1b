//! The record as a page of Markdown, and where both files go.

use super::{
    findings::{FINDINGS, Finding, Row},
    probe::Gpu,
};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// A table of the page: its part of the findings, its heading, what the first column is, and what it says beneath.
struct Table {
    part: &'static str,
    heading: &'static str,
    subject: &'static str,
    means: &'static str,
}

const TABLES: &[Table] = &[
    Table { part: "machine", heading: "Machine", subject: "what", means: "" },
    Table {
        part: "reading",
        heading: "Power readings",
        subject: "reading",
        means: "A reading is renewed every `update_period_ms` and is the mean power of the `window_ms` that ended `delay_ms` before it \
                appeared. `known_window_ms` is what collect uses for this board and driver. \
                `window_by_instant_ms` is the window over what the instant reading saw, whatever the shape of the load.",
    },
    Table {
        part: "counter",
        heading: "Energy counter",
        subject: "reading",
        means: "The counter rises by multiples of `resolution_j`; the energy that it tells is that of `delay_ms` ago.",
    },
    Table {
        part: "energy",
        heading: "Counter over integral",
        subject: "reading",
        means: "Energy by the counter over that by the reading, integrated: under steady load, idle, and over the whole square wave.",
    },
    Table {
        part: "sampling",
        heading: "Cost of sampling",
        subject: "rate",
        means: "Loss of the load's speed while a session's sampler reads the GPU, from runs with and without it in turn.",
    },
    Table { part: "backend", heading: "CUDA backends", subject: "backend", means: "" },
    Table { part: "matrix", heading: "The study's matrix", subject: "backend", means: "" },
];

/// Where a check is written, and under which name.
pub struct Record<'a> {
    pub gpu: &'a Gpu,
    pub date: String,
    pub findings: Vec<Finding>,
}

/// Refuses a folder for records of hardware where there is none.
pub fn refuse_stub(gpu: &Gpu, into: &Path) -> Result<()> {
    let into = std::path::absolute(into).unwrap_or_else(|_| into.to_path_buf());
    if gpu.is_stub() && into.ends_with("docs/hardware") {
        bail!(
            "{}: a record of the stub is not one of hardware, \"{}\", write it to another folder with --into",
            into.display(),
            gpu.name
        );
    }
    Ok(())
}

impl Record<'_> {
    /// Writes both files under a name that is not taken; their paths.
    pub fn write(&self, into: &Path, by: &schemas::Provenance) -> Result<[PathBuf; 2]> {
        let name = format!("{}-{}", self.date, slug(&self.gpu.name));
        let free = |name: &String| !into.join(format!("{name}.md")).exists();
        let name = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}"))).find(free).unwrap_or(name);
        let paths = ["parquet", "md"].map(|ending| into.join(format!("{name}.{ending}")));
        let gpu = if self.gpu.is_stub() { format!("STUB {}", self.gpu.name) } else { self.gpu.name.clone() };
        let (stub, driver) = (self.gpu.is_stub(), self.gpu.driver.as_str());
        let row = |finding| Row { date: &self.date, stub, gpu: &gpu, driver, finding };
        schemas::io::write_rows(&paths[0], &FINDINGS, &self.findings.iter().map(row).collect::<Vec<_>>(), by)?;
        schemas::io::write_whole(&paths[1], self.page(&name).as_bytes())?;
        Ok(paths)
    }

    fn page(&self, name: &str) -> String {
        let mut page = Page { stub: self.gpu.is_stub(), text: String::new() };
        page.line(&format!("# {}, driver {}, {}", self.gpu.name, self.gpu.driver, self.date));
        page.gap();
        page.line(match self.gpu.is_stub() {
            true => "This is a test's stub of NVML and says nothing about any GPU.",
            false => "Measured by `make gpu-check`; [README.md](README.md) says how.",
        });
        page.line(&format!("The same numbers are in `{name}.parquet`."));
        for table in TABLES {
            page.table(table, self.findings.iter().filter(|f| f.part == table.part).collect());
        }
        page.text
    }
}

/// Marks every line of a stub, so that none can be taken for a GPU's.
struct Page {
    stub: bool,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        let marked = match (self.stub, line.strip_prefix("| "), line.split_once(' ')) {
            (false, ..) => line.to_string(),
            (true, Some(row), _) if !row.starts_with("---") => format!("| STUB {row}"),
            (true, Some(_), _) => line.to_string(),
            (true, None, Some((hashes, rest))) if hashes.starts_with('#') => format!("{hashes} STUB: {rest}"),
            (true, None, _) => format!("STUB: {line}"),
        };
        self.text += &marked;
        self.text.push('\n');
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    fn table(&mut self, table: &Table, findings: Vec<&Finding>) {
        self.gap();
        self.line(&format!("## {}", table.heading));
        self.gap();
        if findings.is_empty() {
            return self.line("Not measured.");
        }
        if !table.means.is_empty() {
            self.line(table.means);
            self.gap();
        }
        self.line(&format!("| {} | quantity | value | 95 % interval | |", table.subject));
        self.line("| --- | --- | ---: | --- | --- |");
        for f in findings {
            let value = f.value.map(number).unwrap_or_default();
            let interval = f.low.zip(f.high).map(|(low, high)| format!("{} to {}", number(low), number(high)));
            let note = f.note.as_deref().unwrap_or_default().replace('|', "/").replace('\n', " ");
            let cells = [f.subject.as_str(), f.quantity, &value, &interval.unwrap_or_default(), &note];
            self.line(&format!("| {} |", cells.join(" | ")));
        }
    }
}

/// Four significant digits, no exponent.
fn number(value: f64) -> String {
    // No minus before a zero.
    let value = value + 0.0;
    let digits = if value == 0.0 { 0 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 6) };
    format!("{value:.*}", digits as usize)
}

/// `nvidia-h100-80gb-hbm3`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_and_names_become_files() {
        let shown = [-0.0, 1.0, 0.000123456, 12.3456, 99.994, 1234.56, 123_456.7, -0.5].map(number);
        assert_eq!(shown, ["0", "1.000", "0.000123", "12.35", "99.99", "1235", "123457", "-0.5000"]);
        assert_eq!(slug("NVIDIA H100 80GB HBM3"), "nvidia-h100-80gb-hbm3");
        assert_eq!(slug("Tesla V100-SXM2-16GB"), "tesla-v100-sxm2-16gb");
    }

    #[test]
    fn every_line_of_a_stub_says_so() {
        let findings = [
            Finding::number("reading", "NVML_FI_DEV_POWER_INSTANT", "window_ms", 25.1).between(24.0, 26.0),
            Finding::told("reading", "nvmlDeviceGetPowerUsage", "window_ms", "a | b"),
        ];
        let mut pages = [true, false].map(|stub| Page { stub, text: String::new() });
        for page in &mut pages {
            page.line("# GPU, driver 1");
            page.line("Words.");
            TABLES.iter().for_each(|t| page.table(t, findings.iter().filter(|f| f.part == t.part).collect()));
        }
        let marked = |line: &&str| !line.is_empty() && !line.starts_with("| ---");
        assert!(pages[0].text.lines().filter(marked).all(|l| l.contains("STUB")), "{}", pages[0].text);
        assert!(!pages[1].text.contains("STUB"));
        let rows = [
            "| NVML_FI_DEV_POWER_INSTANT | window_ms | 25.10 | 24.00 to 26.00 |  |\n",
            "| nvmlDeviceGetPowerUsage | window_ms |  |  | a / b |\n",
        ];
        assert!(rows.iter().all(|row| pages[1].text.contains(row)), "{}", pages[1].text);
    }
}

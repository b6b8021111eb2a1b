//! Intervals of one region after each other: hours that are missing or covered twice, and names and kinds that change on the way.

use crate::read::fault::Notes;
use schemas::{
    error::{Error, Result},
    sorted::Group,
};
use std::collections::BTreeMap;

/// Shortest month: zones are renamed in files of shorter intervals, and years stand alone in many tables.
const MONTH_NS: i64 = 28 * 24 * 3_600_000_000_000;

#[derive(Debug, Clone, Default)]
struct Last {
    region: String,
    start_ns: i64,
    end_ns: i64,
    line: u64,
    kind: [String; 2],
}

/// What came before, and the ends of regions by their last instant.
#[derive(Debug, Default)]
pub struct Order {
    last: Last,
    ended: BTreeMap<i64, (String, u64)>,
    began: Vec<(i64, String)>,
}

impl Order {
    /// The next row in the order of region and start. One that begins before the last has ended is refused.
    pub fn see(&mut self, group: &Group, notes: &mut Notes) -> Result<()> {
        let at = |column: &str| group.text(0, column).parse().unwrap_or_default();
        let (line, kind) = (group.place(0).1, ["basis", "method"].map(|column| group.text(0, column)));
        let now = Last { region: group.text(0, "region"), start_ns: at("start_ns"), end_ns: at("end_ns"), line, kind };
        let last = std::mem::replace(&mut self.last, now);
        let now = &self.last;
        if last.region != now.region {
            self.end(last);
            let now = &self.last;
            self.began.push((now.start_ns, now.region.clone()));
            return Ok(());
        }
        if now.start_ns < last.end_ns {
            let message = format!("two intervals of one region at one time, {}, and in line {}", now.region, last.line);
            let (path, remedy) = (group.place(0).0.to_path_buf(), "remove one of the rows".into());
            return Err(Error::Value { path, line: line as usize, message, remedy });
        }
        if now.start_ns > last.end_ns {
            let hours = (now.start_ns - last.end_ns) as f64 / 3.6e12;
            notes.add("intervals are missing before this one", line, &format!("{}, {hours} h", now.region));
        }
        if now.kind != last.kind {
            let shown = |kind: &[String; 2]| kind.join(" ").trim_end().to_string();
            let example = format!("{}, {} after {}", now.region, shown(&now.kind), shown(&last.kind));
            notes.add("another basis or method than in the interval before", line, &example);
        }
        Ok(())
    }

    fn end(&mut self, last: Last) {
        if last.end_ns - last.start_ns < MONTH_NS && !last.region.is_empty() {
            self.ended.insert(last.end_ns, (last.region, last.line));
        }
    }

    /// Remarks on regions that begin where another one ends, as a zone does that was renamed.
    pub fn remark(mut self, notes: &mut Notes) {
        let last = std::mem::take(&mut self.last);
        self.end(last);
        for (start, region) in &self.began {
            if let Some((before, line)) = self.ended.get(start) {
                notes.add(
                    "a region ends where another one begins, perhaps renamed",
                    *line,
                    &format!("{before}, {region}"),
                );
            }
        }
    }
}

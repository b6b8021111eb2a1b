//! Rules of tariffs to intervals of time: local clock times across changes of the clock, each instant under exactly one rule.

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Weekday};
use chrono_tz::Tz;
use schemas::{
    Contract,
    column::{self, count, float, int},
    tables, text,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What rules may begin and end on.
const QUARTER_MINUTES: i64 = 15;

/// A row of table `tariff`.
#[derive(Debug, Clone, Deserialize)]
struct Rule {
    region: String,
    zone: String,
    valid_from: String,
    valid_until: String,
    days: String,
    from: String,
    until: String,
    usd_per_kwh: f64,
}

/// Intervals as the models see them. No stage hands them on.
pub const TARIFF_HOUR: Contract = Contract {
    name: "tariff_hour",
    version: 1,
    stage: "derive-costs",
    grain: "One stretch of time with one tariff, within one local hour.",
    key: &["region", "start_ns"],
    columns: &[
        column::text("region", "Grid region"),
        column::text("zone", "Its time zone"),
        int("start_ns", "Start"),
        int("end_ns", "End"),
        count("local_hour", "Hour of the day there"),
        float("usd_per_kwh", "Tariff"),
    ],
};

/// A stretch of time, at most an hour, with one price in one local hour.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct Interval {
    pub region: String,
    pub zone: String,
    pub start_ns: i64,
    pub end_ns: i64,
    pub local_hour: i64,
    pub usd_per_kwh: f64,
}

/// A rule, understood.
struct Span {
    zone: Tz,
    first: NaiveDate,
    until: NaiveDate,
    days: String,
    /// Minutes after local midnight.
    minutes: std::ops::Range<i64>,
    usd_per_kwh: f64,
}

impl Span {
    fn new(rule: &Rule) -> anyhow::Result<Self> {
        let date = |key: &str, value: &str| {
            NaiveDate::parse_from_str(value, "%Y-%m-%d")
                .ok()
                .with_context(|| format!("{key} is not a date, \"{value}\", write YYYY-MM-DD"))
        };
        let span = Span {
            zone: rule.zone.parse().ok().with_context(|| {
                format!("zone is not in the IANA time zone database, \"{}\", write one like Europe/Berlin", rule.zone)
            })?,
            first: date("valid_from", &rule.valid_from)?,
            until: date("valid_until", &rule.valid_until)?,
            days: rule.days.clone(),
            minutes: minutes("from", &rule.from)?..minutes("until", &rule.until)?,
            usd_per_kwh: rule.usd_per_kwh,
        };
        if span.until <= span.first {
            bail!("valid_until is not after valid_from, \"{}\", correct it", rule.valid_until);
        }
        if span.minutes.is_empty() {
            bail!("until is not after from, \"{}\", split a rule across midnight into two", rule.until);
        }
        Ok(span)
    }

    fn holds(&self, at: &DateTime<Tz>) -> bool {
        let (date, minute) = (at.date_naive(), i64::from(at.hour() * 60 + at.minute()));
        let weekend = matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
        let day = match self.days.as_str() {
            "mon-fri" => !weekend,
            "sat-sun" => weekend,
            _ => true,
        };
        day && self.first <= date && date < self.until && self.minutes.contains(&minute)
    }
}

/// `HH:MM` as minutes after midnight.
fn minutes(key: &str, text: &str) -> anyhow::Result<i64> {
    let at = match text {
        "24:00" => Some(24 * 60),
        _ => NaiveTime::parse_from_str(text, "%H:%M").ok().map(|t| i64::from(t.hour() * 60 + t.minute())),
    };
    at.filter(|m| m % QUARTER_MINUTES == 0)
        .with_context(|| format!("{key} is not a local time in quarters of an hour, \"{text}\", write HH:MM"))
}

/// The start of a local date. Where the clock skips midnight the day starts when the clock resumes.
fn midnight(zone: Tz, date: NaiveDate) -> anyhow::Result<DateTime<Tz>> {
    let mut local = date.and_time(NaiveTime::MIN);
    for _ in 0..24 * 60 / QUARTER_MINUTES {
        if let Some(at) = zone.from_local_datetime(&local).earliest() {
            return Ok(at);
        }
        local += TimeDelta::minutes(QUARTER_MINUTES);
    }
    bail!("no midnight in {zone} on {date}")
}

/// All rules of some files as intervals in order of region and time.
pub fn intervals(files: &[PathBuf]) -> anyhow::Result<Vec<Interval>> {
    let mut by_region: BTreeMap<String, (PathBuf, String, Vec<Span>)> = BTreeMap::new();
    for file in files {
        let mut rows = Vec::new();
        text::scan_csv(file, &tables::TARIFF, &mut |line, row| {
            rows.push((line, row));
            Ok(())
        })?;
        for (line, row) in rows {
            let rule: Rule = serde_json::from_value(row.into())?;
            let place = || format!("{}: line {line}", file.display());
            let span = Span::new(&rule).with_context(place)?;
            let (_, zone, spans) =
                by_region.entry(rule.region.clone()).or_insert_with(|| (file.clone(), rule.zone.clone(), Vec::new()));
            if *zone != rule.zone {
                bail!(
                    "{}: region {} is in two time zones, \"{}\" and \"{zone}\", use one",
                    place(),
                    rule.region,
                    rule.zone
                );
            }
            spans.push(span);
        }
    }
    let mut all = Vec::new();
    for (region, (file, zone, spans)) in by_region {
        all.extend(of_region(&file, &region, &zone, &spans)?);
    }
    Ok(all)
}

fn of_region(file: &Path, region: &str, zone: &str, spans: &[Span]) -> anyhow::Result<Vec<Interval>> {
    let (Some(first), Some(last)) = (spans.iter().map(|s| s.first).min(), spans.iter().map(|s| s.until).max()) else {
        return Ok(Vec::new());
    };
    let tz = spans[0].zone;
    let (mut at, end) = (midnight(tz, first)?, midnight(tz, last)?);
    let mut intervals: Vec<Interval> = Vec::new();
    while at < end {
        let next = at + TimeDelta::minutes(QUARTER_MINUTES);
        let mut holding = spans.iter().filter(|span| span.holds(&at));
        let place = || format!("{}: region {region}", file.display());
        let Some(span) = holding.next() else {
            bail!("{}: no tariff holds at {}, add a rule for it", place(), at.to_rfc3339());
        };
        if let Some(other) = holding.next() {
            bail!(
                "{}: two tariffs hold at {}, {} and {} USD/kWh, leave one",
                place(),
                at.to_rfc3339(),
                span.usd_per_kwh,
                other.usd_per_kwh
            );
        }
        let ns = |t: DateTime<Tz>| t.timestamp() * 1_000_000_000;
        let local_hour = i64::from(at.hour());
        match intervals.last_mut() {
            Some(last)
                if last.local_hour == local_hour
                    && last.usd_per_kwh == span.usd_per_kwh
                    && last.end_ns == ns(at)
                    && ns(next) - last.start_ns <= 3_600_000_000_000 =>
            {
                last.end_ns = ns(next);
            }
            _ => intervals.push(Interval {
                region: region.to_string(),
                zone: zone.to_string(),
                start_ns: ns(at),
                end_ns: ns(next),
                local_hour,
                usd_per_kwh: span.usd_per_kwh,
            }),
        }
        at = next;
    }
    Ok(intervals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(rows: &str) -> anyhow::Result<Vec<Interval>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("tariff.csv");
        std::fs::write(
            &file,
            format!("region,zone,valid_from,valid_until,days,from,until,usd_per_kwh,source\n{rows}"),
        )?;
        let out = intervals(&[file]);
        out.map_err(|e| anyhow::anyhow!("{}", format!("{e:#}").replace(&format!("{}/", folder.path().display()), "")))
    }

    fn berlin(from: &str, until: &str, days: &str, price: f64) -> String {
        format!("home,Europe/Berlin,2026-03-28,2026-03-31,{days},{from},{until},{price},s\n")
    }

    #[test]
    fn clock_change_skips_an_hour() {
        let rows = berlin("00:00", "07:00", "all", 0.2) + &berlin("07:00", "24:00", "all", 0.3);
        let all = expand(&rows).unwrap();
        let hours = |price: f64| {
            all.iter().filter(|i| i.usd_per_kwh == price).map(|i| (i.end_ns - i.start_ns) as f64 / 3.6e12).sum::<f64>()
        };
        // Three nights of 7 hours, one of them without the hour from 2 to 3.
        assert_eq!((hours(0.2), hours(0.3)), (20.0, 51.0));
        assert!(all.windows(2).all(|pair| pair[0].end_ns == pair[1].start_ns));
        let sunday = all.iter().filter(|i| i.local_hour == 2).count();
        assert_eq!(sunday, 2, "the hour from 2 to 3 is on Saturday and Monday alone");
        assert_eq!(all[0].start_ns, 1_774_652_400_000_000_000, "2026-03-28 00:00 in Berlin is 23:00 UTC");
    }

    #[test]
    fn clock_change_repeats_an_hour() {
        let all = expand("home,Europe/Berlin,2026-10-25,2026-10-26,all,00:00,24:00,0.3,s\n").unwrap();
        assert_eq!(all.len(), 25);
        assert_eq!(all.iter().filter(|i| i.local_hour == 2).count(), 2);
    }

    #[test]
    fn weekdays_are_local_and_quarters_count() {
        let rows = berlin("00:00", "06:15", "mon-fri", 0.1)
            + &berlin("06:15", "24:00", "mon-fri", 0.4)
            + &berlin("00:00", "24:00", "sat-sun", 0.2);
        let all = expand(&rows).unwrap();
        let cheap: i64 = all.iter().filter(|i| i.usd_per_kwh == 0.1).map(|i| i.end_ns - i.start_ns).sum();
        assert_eq!(cheap, 6 * 3_600_000_000_000 + 900_000_000_000, "Monday alone");
    }

    #[test]
    fn refusals() {
        let fault = |rows: &str| expand(rows).unwrap_err().to_string();
        assert_eq!(
            fault(&berlin("00:00", "23:00", "all", 0.2)),
            "tariff.csv: region home: no tariff holds at 2026-03-28T23:00:00+01:00, add a rule for it"
        );
        assert_eq!(
            fault(&(berlin("00:00", "24:00", "all", 0.2) + &berlin("05:00", "06:00", "all", 0.3))),
            "tariff.csv: region home: two tariffs hold at 2026-03-28T05:00:00+01:00, 0.2 and 0.3 USD/kWh, leave one"
        );
        assert_eq!(
            fault("home,Europe/Atlantis,2026-03-28,2026-03-31,all,00:00,24:00,0.2,s"),
            "tariff.csv: line 2: zone is not in the IANA time zone database, \"Europe/Atlantis\", write one like Europe/Berlin"
        );
        assert_eq!(
            fault(&berlin("00:00", "07:10", "all", 0.2)),
            "tariff.csv: line 2: until is not a local time in quarters of an hour, \"07:10\", write HH:MM"
        );
        assert_eq!(
            fault(&berlin("22:00", "06:00", "all", 0.2)),
            "tariff.csv: line 2: until is not after from, \"06:00\", split a rule across midnight into two"
        );
        assert_eq!(
            fault("home,Europe/Berlin,2026-03-28,2026-3-1x,all,00:00,24:00,0.2,s"),
            "tariff.csv: line 2: column `valid_until` is not a date YYYY-MM-DD, \"2026-3-1x\", correct the line"
        );
    }
}

//! MLPerf LoadGen's `mlperf_log_detail.txt`, and `mlperf_log_summary.txt` given with it.
//!
//! Keys: loadgen/results.cc and loadgen.cc of mlcommons/inference. `power_begin` and `power_end` are UTC. Tokens are what the
//! system under test
//! passed as `n_tokens`, and are stated as a rate over that window. `result_token_throughput` is something else.

use super::{
    serving::{self, Serving, agree},
    sheet::{Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
    zone::{DateOrder, Stamp, stamp},
};
use std::collections::HashMap;

pub const FORMAT: Format<Sheet> = Format {
    name: "loadgen",
    about: "MLPerf LoadGen's mlperf_log_detail.txt, with its summary",
    recognises: |head| is_detail(head) || is_summary(head),
    read,
};

fn is_detail(head: &str) -> bool {
    head.contains(":::MLLOG {") && head.contains("mlperf::logging")
}

fn is_summary(head: &str) -> bool {
    head.contains("MLPerf Results Summary") && head.contains("SUT name :")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if is_detail(text) {
        return Log::of(text, sheet)?.put(sheet);
    }
    let details = serving::beside(source, sheet, is_detail);
    let Some(path) = details.first() else {
        let remedy = "give the mlperf_log_detail.txt of the same run";
        return Err(Fault::new(
            "a summary, which has no times and no counts",
            quoted("MLPerf Results Summary"),
            remedy,
        )
        .at(1));
    };
    let log = Log::of(&serving::text_of(path)?, sheet).map_err(|f| f.of(path))?;
    let mut lines = (1..).zip(text.lines());
    let stated = lines.find_map(|(line, text)| {
        let (name, value) = text.split_once(':')?;
        let is_rate = matches!(name.trim(), "Completed tokens per second" | "Tokens per second");
        Some((line, value.trim().parse::<f64>().ok()?)).filter(|_| is_rate)
    });
    if let Some((line, stated)) = stated {
        let rate = log.rate().map(|(_, rate)| rate).unwrap_or(f64::NAN);
        agree(line, ("the summary has tokens per second", Some(stated)), ("the detail log", rate), 0.01)?;
    }
    sheet.accompany("the detail log beside it has all that the summary has, and the times");
    Ok(())
}

/// The last value of each key, with its line.
struct Log {
    values: HashMap<String, (u64, Value)>,
    /// Samples for which the system under test passed no tokens.
    without_tokens: f64,
}

impl Log {
    fn of(text: &str, sheet: &mut Sheet) -> Result<Self> {
        let mut log = Log { values: HashMap::new(), without_tokens: 0.0 };
        for (line, entry) in serving::objects(&text.replace(":::MLLOG ", ""), sheet)? {
            let Some((key, value)) = entry.text("key").zip(entry.get("value")) else { continue };
            if key == "error_runtime" && value.shown().is_some_and(|t| t.contains("n_tokens argument missing")) {
                log.without_tokens += 1.0;
            }
            log.values.insert(key.to_string(), (line, value.clone()));
        }
        Ok(log)
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        let Some((line, value)) = self.values.get(key) else { return Ok(None) };
        let entry = Value::Map(vec![(key.to_string(), value.clone())]);
        serving::amount(*line, &entry, key)
    }

    fn must(&self, key: &str) -> Result<f64> {
        let missing =
            || Fault::new(format!("`{key}` is missing"), "the log ends before it", "give the log of a run that ended");
        self.number(key)?.ok_or_else(|| missing().at(1))
    }

    fn text(&self, key: &str) -> String {
        self.values.get(key).and_then(|(_, value)| value.shown()).unwrap_or_default()
    }

    /// Tokens per second, and the key that has them.
    fn rate(&self) -> Result<(&'static str, f64)> {
        for key in ["result_completed_tokens_per_second", "result_tokens_per_second"] {
            if let Some(rate) = self.number(key)? {
                return Ok((key, rate));
            }
        }
        let remedy = "run it with use_token_latencies, or give the result of another client";
        Err(Fault::new(
            "no count of tokens",
            "no result_completed_tokens_per_second, no result_tokens_per_second",
            remedy,
        )
        .at(1))
    }

    /// `11-28-2026 11:57:09.825`, month first, UTC.
    fn instant(&self, key: &str) -> Result<i64> {
        let Some((line, value)) = self.values.get(key) else {
            let remedy = "give the log of a run in mode PerformanceOnly that ended";
            return Err(Fault::new(format!("`{key}` is missing"), "the log has no such key", remedy).at(1));
        };
        let text = value.shown().unwrap_or_default();
        let fault =
            || Fault::new(format!("`{key}` is no time"), quoted(&text), "expected MM-DD-YYYY HH:MM:SS.mmm").at(*line);
        let (date, time) = text.split_once(' ').ok_or_else(fault)?;
        let [month, day, year] = date.split('-').collect::<Vec<_>>()[..] else { return Err(fault()) };
        match stamp(&format!("{year}-{month}-{day} {time}Z"), DateOrder::Unknown).map_err(|_| fault())? {
            Stamp::Utc(ns) | Stamp::Wall(ns) => Ok(ns),
        }
    }

    fn put(&self, sheet: &mut Sheet) -> Result<()> {
        let scenario = self.text("effective_scenario");
        let mode = self.text("effective_test_mode");
        if mode != "PerformanceOnly" {
            let remedy = "give the log of a run in mode PerformanceOnly";
            return Err(Fault::new("no run of performance", quoted(&mode), remedy).at(1));
        }
        let (start, end) = (self.instant("power_begin")?, self.instant("power_end")?);
        let line = self.values.get("power_begin").map_or(1, |(line, _)| *line);
        let seconds = end.saturating_sub(start) as f64 / 1e9;
        let (key, rate) = self.rate()?;
        let samples = self.must("result_query_count")? * self.number("effective_samples_per_query")?.unwrap_or(1.0);
        let failed = self.without_tokens.min(samples);
        let stated = match self.number("result_samples_per_second")? {
            Some(rate) => Some(rate * seconds),
            // Of a server: one less over the window.
            None => self.number("result_completed_samples_per_sec")?.map(|rate| rate * seconds + 1.0),
        };
        agree(line, ("samples per second x the window gives", stated), ("samples are", samples), 1.0)?;
        let mut out = Serving { completed: samples - failed, failed: Some(failed), seconds, ..Serving::default() };
        out.tokens = (rate * seconds).round();
        out.tokens_from = format!("`{key}` x the window: tokens that the system under test counted");
        let ms = |key: &str| self.number(key).map(|ns| ns.map(|ns| ns / 1e6));
        (out.run.ttft_ms, out.run.tpot_ms) =
            (ms("result_first_token_mean_latency_ns")?, ms("result_time_to_output_token_mean")?);
        out.load = vec![scenario.clone(), format!("{samples} samples")];
        match scenario.as_str() {
            "Server" => {
                let qps = self.must("effective_target_qps")?;
                (out.run.offered_rate_per_s, out.run.arrival) = (Some(qps), Some("poisson".into()));
                out.load.push(format!("rate {qps}"));
            }
            "SingleStream" | "MultiStream" | "Offline" => {
                let at_once = self.number("effective_samples_per_query")?.unwrap_or(1.0);
                (out.run.concurrency, out.run.arrival) = (count(at_once), Some("closed".into()));
                out.load.push(format!("concurrency {at_once}"));
            }
            _ => {}
        }
        if self.text("result_validity") == "INVALID" {
            sheet.notes.say("LoadGen calls the result INVALID: it has not the queries or latencies of a submission");
        }
        let when = When::Between(Stamp::Utc(start), Stamp::Utc(end));
        out.put(line, when, "`power_begin` to `power_end`, UTC", sheet)
    }
}

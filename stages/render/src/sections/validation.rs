//! What a reader must know before using the numbers.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const FINDINGS: Layout = Layout {
    id: "findings",
    caption: "Findings, gravest first",
    method: "",
    sql: "select * from finding order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, code, place",
    source: "select * from finding where code = {code} and place = {place}",
    evidence: Evidence::None,
    columns: &[
        ("severity", Show::Text("severity")),
        ("finding", Show::Text("what")),
        ("where", Show::Text("place")),
        ("code", Show::Text("code")),
    ],
};

const VERDICTS: Layout = Layout {
    id: "verdicts",
    caption: "Whether each cell may be used, and how many runs it needs; worst first",
    method: "Thresholds of [analyze]",
    sql: "select v.*, v.usable as n, m.label, array_to_string(v.codes, ', ') as found, \
          weakest_of('derived', coalesce(e.evidence, 'unknown')) as evidence from verdict as v \
          left join cell_estimate as e on e.metric = 'latency_ms' and v.backend = e.backend and v.device = e.device \
          and v.model = e.model and v.dtype = e.dtype and v.mode = e.mode and v.kv_cache = e.kv_cache and v.scenario = e.scenario \
          inner join mode_label as m on v.mode = m.mode and v.kv_cache = m.kv_cache \
          order by case v.verdict when 'fail' then 1 when 'warn' then 2 else 3 end, m.place, v.scenario, v.backend, v.device, v.dtype",
    source: "select * from verdict where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} \
             and mode = {mode} and kv_cache = {kv_cache} and scenario = {scenario}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("verdict", Show::Text("verdict")),
        ("mode", Show::Text("label")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("backend")),
        ("checks that found something", Show::Text("found")),
        ("runs", Show::Number("runs")),
        ("usable", Show::Number("usable")),
        ("variation, %", Show::Number("cv_pct")),
        ("half width, %", Show::Number("half_width_pct")),
        ("runs needed", Show::Number("runs_needed")),
        ("outliers", Show::Number("outliers")),
        ("runs independent?", Show::Text("independence")),
    ],
};

const SPREAD: Layout = Layout {
    id: "spread",
    caption: "Spread of the runs of each cell, widest first; latency over the cell's median",
    method: "Extremes and median of the runs",
    sql: "select * from spread order by cv_pct desc nulls last, place, scenario, name limit 60",
    source: "select min(latency_ms) / median(latency_ms) as least, max(latency_ms) / median(latency_ms) as most, \
             100 * stddev_samp(latency_ms) / avg(latency_ms) as cv_pct, count(*) as n from run where status in ('ok', 'degraded') \
             and latency_ms > 0 and backend = {backend} and device = {device} and model = {model} and dtype = {dtype} \
             and mode = {mode} and kv_cache = {kv_cache} and scenario = {scenario}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("variation, %", Show::Number("cv_pct")),
        ("least", Show::Number("least")),
        ("most", Show::Number("most")),
        ("runs", Show::Number("n")),
    ],
};

const ENERGY: Layout = Layout {
    id: "energy_known",
    caption: "How the energy of the runs is known",
    method: "Counts of table run_energy",
    sql: "select scope, evidence, coalesce(reasons, '') as reasons, count(*) as runs, avg(coverage_pct) as coverage_pct, \
          median(samples) as samples, max(max_gap_ns) / 1e6 as gap_ms from run_energy where device_id = 'total' \
          group by scope, evidence, coalesce(reasons, '') order by runs desc, scope, evidence, reasons limit 60",
    source: "select count(*) as runs, avg(coverage_pct) as coverage_pct, median(samples) as samples, \
             max(max_gap_ns) / 1e6 as gap_ms from run_energy where device_id = 'total' and scope = {scope} \
             and evidence = {evidence} and coalesce(reasons, '') = {reasons}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("scope", Show::Text("scope")),
        ("runs", Show::Number("runs")),
        ("covered, %", Show::Number("coverage_pct")),
        ("readings in a window, median", Show::Number("samples")),
        ("longest gap, ms", Show::Number("gap_ms")),
        ("why not", Show::Text("reasons")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "findings",
        title: "Validation and findings: what to know before using the numbers".into(),
        tables: material.tables(&[&FINDINGS, &VERDICTS, &ENERGY, &SPREAD])?,
        ..Section::default()
    })
}

//! What ran, on what, and how its power was read.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const CELLS: Layout = Layout {
    id: "matrix",
    caption: "Matrix: cells and runs by mode and scenario",
    method: "Counts of table run",
    sql: "select r.mode, r.kv_cache, m.label as mode_name, r.scenario, r.batch, max(r.prompt_tokens) as prompt_tokens, \
          max(r.prompt_tokens_padded) as padded_tokens, max(r.new_tokens_asked) as new_tokens, count(distinct r.backend) as backends, \
          count(*) as runs, sum(case when r.status in ('ok', 'degraded') then 1 else 0 end) as finished \
          from run as r inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache \
          group by r.mode, r.kv_cache, m.label, m.place, r.scenario, r.batch order by m.place, r.scenario, r.batch limit 200",
    source: "select count(*) as runs, max(prompt_tokens) as prompt_tokens, max(prompt_tokens_padded) as padded_tokens, \
             max(new_tokens_asked) as new_tokens, count(distinct backend) as backends, max(batch) as batch, \
             sum(case when status in ('ok', 'degraded') then 1 else 0 end) as finished \
             from run where mode = {mode} and kv_cache = {kv_cache} and scenario = {scenario} and batch = {batch}",
    evidence: Evidence::None,
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("batch", Show::Number("batch")),
        ("prompt tokens", Show::Number("prompt_tokens")),
        ("padded", Show::Number("padded_tokens")),
        ("new tokens each", Show::Number("new_tokens")),
        ("backends", Show::Number("backends")),
        ("runs", Show::Number("runs")),
        ("finished", Show::Number("finished")),
    ],
};

const SESSIONS: Layout = Layout {
    id: "sessions",
    caption: "Sessions",
    method: "",
    sql: "select *, nullif(concat_ws(' ', provider, instance), '') as ran_as from session order by started_ns, session_id limit 50",
    source: "select * from session where session_id = {session_id}",
    evidence: Evidence::None,
    columns: &[
        ("session", Show::Text("session_id")),
        ("processor", Show::Text("cpu")),
        ("cores", Show::Number("logical_cores")),
        ("memory, MiB", Show::Number("memory_mb")),
        ("GPU", Show::Text("gpu_names")),
        ("instance", Show::Text("ran_as")),
        ("system", Show::Text("os")),
        ("engines", Show::Text("engines")),
        ("commit", Show::Text("git_commit")),
        ("configuration", Show::Text("config_sha256")),
    ],
};

const ATTESTED: Layout = Layout {
    id: "attested",
    caption: "What ran, as the engines report it",
    method: "",
    sql: "select backend, device, dtype, provider, library, threads, model, weights, status, count(*) as runs from run \
          group by backend, device, dtype, provider, library, threads, model, weights, status \
          order by backend, device, model, dtype, status limit 100",
    source: "select count(*) as runs, max(threads) as threads from run where backend = {backend} and device = {device} \
             and dtype = {dtype} and (provider is not distinct from {provider}) and (library is not distinct from {library}) \
             and (threads is not distinct from {threads}) and model = {model} and weights = {weights} and status = {status}",
    evidence: Evidence::None,
    columns: &[
        ("backend", Show::Text("backend")),
        ("device", Show::Text("device")),
        ("dtype", Show::Text("dtype")),
        ("provider", Show::Text("provider")),
        ("library", Show::Text("library")),
        ("threads", Show::Number("threads")),
        ("model", Show::Text("model")),
        ("weights", Show::Text("weights")),
        ("status", Show::Text("status")),
        ("runs", Show::Number("runs")),
    ],
};

const SENSORS: Layout = Layout {
    id: "sensors",
    caption: "Power sensors, as they were read; steps in W, of counters in J",
    method: "Counts, and inferred from the readings",
    sql: "select device_id, kind, scope, source, sum(readings) as readings, sum(errors) as errors, sum(missed) as missed, \
          max(longest_gap_ns) / 1e6 as longest_gap_ms, max(update_period_ms) as update_period_ms, \
          min(coalesce(resolution_w, resolution_j)) as step, max(averaging_ms) as averaging_ms, max(cost_pct) as cost_pct \
          from sensor group by device_id, kind, scope, source order by device_id, kind limit 100",
    source: "select sum(readings) as readings, sum(errors) as errors, sum(missed) as missed, \
             max(longest_gap_ns) / 1e6 as longest_gap_ms, max(update_period_ms) as update_period_ms, \
             min(coalesce(resolution_w, resolution_j)) as step, max(averaging_ms) as averaging_ms, max(cost_pct) as cost_pct \
             from sensor where device_id = {device_id} and kind = {kind} and scope = {scope} and source = {source}",
    evidence: Evidence::None,
    columns: &[
        ("sensor", Show::Text("device_id")),
        ("kind", Show::Text("kind")),
        ("scope", Show::Text("scope")),
        ("source", Show::Text("source")),
        ("readings", Show::Number("readings")),
        ("failed", Show::Number("errors")),
        ("deadlines missed", Show::Number("missed")),
        ("longest gap, ms", Show::Number("longest_gap_ms")),
        ("new every, ms", Show::Number("update_period_ms")),
        ("smallest step", Show::Number("step")),
        ("averages over, ms", Show::Number("averaging_ms")),
        ("cost, % of a core", Show::Number("cost_pct")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "matrix",
        title: "Matrix and environment".into(),
        charts: material.charts(&["trace", "sensors"]),
        tables: material.tables(&[&CELLS, &SESSIONS, &ATTESTED, &SENSORS])?,
        ..Section::default()
    })
}

//! Prefill and generate in depth.

use super::{Material, speed::OF_CELL};
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Without a cache every new token is a forward pass over the whole text. The factor is what the cache saves: \
    latency and energy without it over with it, in the same scenario. Step by step, time grows with the text that has to be read again.";

const FACTORS: Layout = Layout {
    id: "cache_factor",
    caption: "Without a KV cache over with one",
    method: "Ratio of means; delta method on logs, the smaller number of degrees of freedom",
    sql: "select * from cache_factor order by metric desc, scenario, name",
    source: "select u.estimate / c.estimate as factor, u.n + c.n as n from estimate as c inner join estimate as u \
             on c.metric = u.metric and c.level = u.level and c.backend = u.backend and c.device = u.device and c.model = u.model \
             and c.dtype = u.dtype and c.scenario = u.scenario where c.metric = {metric} and c.level = 'cell' \
             and c.backend = {backend} and c.device = {device} and c.model = {model} and c.dtype = {dtype} \
             and c.scenario = {scenario} and c.mode = 'generate' and u.mode = 'generate' and c.kv_cache and not u.kv_cache",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("factor [interval]", Show::Interval("factor", "low", "high")),
        ("runs", Show::Number("n")),
    ],
};

const TOKENS: Layout = Layout {
    id: "tokens",
    caption: "Time to the first token (TTFT), time and energy per output token after it (TPOT)",
    method: "",
    sql: "select * from cell_estimate where metric in ('ttft_ms', 'tpot_ms', 'decode_j_per_token') \
          order by place, metric desc, scenario, name",
    source: OF_CELL,
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("metric", Show::Text("metric")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
        ("median", Show::Number("median")),
        ("runs", Show::Number("n")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "depth",
        title: "Prefill and generate in depth".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["cache-factor", "steps", "ttft", "tpot"]),
        tables: material.tables(&[&FACTORS, &TOKENS])?,
        ..Section::default()
    })
}

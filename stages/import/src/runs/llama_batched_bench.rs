//! llama.cpp's `llama-batched-bench`: JSON lines, or its table for people. It runs the model itself, `B` sequences at once.
//!
//! Lengths are fixed and no end of text stops a sequence: `B x PP` prompt tokens (`PP` when the prompt is shared) and `B x TG` new ones.
//! `T` is the time of both. A level for which the cache has no room is left out in silence, or ends the file.

use super::{
    load::Load,
    serving::{agree, must, objects, whole},
    sheet::{Sheet, count, generate, prefill, set_prompt},
    window::When,
};
use crate::read::{
    decimal::Survey,
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    number::{Cell, Mark, cell},
    source::Source,
};
use std::collections::BTreeSet;

pub const FORMAT: Format<Sheet> = Format {
    name: "llama-batched-bench",
    about: "llama.cpp's llama-batched-bench: JSON lines and its table",
    recognises,
    read,
};

fn recognises(head: &str) -> bool {
    head.contains("\"n_kv_max\"") && head.contains("\"t_tg\"") || head.contains("N_KV") && head.contains("S_TG t/s")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let levels = if text.contains("\"n_kv_max\"") { objects(text, sheet)? } else { table(text, source.decimal)? };
    let mut shapes: [BTreeSet<i64>; 3] = Default::default();
    for (line, level) in &levels {
        for (shape, key) in shapes.iter_mut().zip(["pp", "tg", "pl"]) {
            shape.insert(whole(*line, level, key)? as i64);
        }
        put(*line, level, sheet)?;
    }
    let combinations: usize = shapes.iter().map(BTreeSet::len).product();
    if combinations > levels.len() {
        let missing = combinations - levels.len();
        sheet.notes.say(format!(
            "{missing} of {combinations} combinations of PP, TG and B are missing: the cache had no room for them, or the \
            benchmark ended early"
        ));
    }
    Ok(())
}

/// Rows of the table, with the settings of the line above it, under the names of the JSON.
fn table(text: &str, asked: Option<Mark>) -> Result<Vec<(u64, Value)>> {
    const NAMES: [(&str, &str); 10] = [
        ("PP", "pp"),
        ("TG", "tg"),
        ("B", "pl"),
        ("N_KV", "n_kv"),
        ("T_PP s", "t_pp"),
        ("S_PP t/s", "speed_pp"),
        ("T_TG s", "t_tg"),
        ("S_TG t/s", "speed_tg"),
        ("T s", "t"),
        ("S t/s", "speed"),
    ];
    let rows = (1..).zip(text.lines()).filter(|(_, line)| line.trim_start().starts_with('|'));
    let decimal =
        Survey::choose_mark(asked, b'|', rows.flat_map(|(line, text)| text.split('|').map(move |cell| (line, cell))))?;
    let value = |text: String| match cell(&text, decimal) {
        Cell::Number(q) if q.unit.is_none() => Value::Number(q.value),
        _ => Value::Text(text),
    };
    let (mut settings, mut header, mut found) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if let Some(rest) = line.split_once("n_kv_max =").map(|(_, rest)| format!("n_kv_max = {rest}")) {
            let pairs = rest.split(',').filter_map(|pair| pair.split_once('='));
            settings = pairs.map(|(k, v)| (k.trim().to_string(), Value::Text(v.trim().to_string()))).collect();
        }
        let Some(inner) = line.strip_prefix('|') else { continue };
        let cells: Vec<String> =
            inner.strip_suffix('|').unwrap_or(inner).split('|').map(|c| c.trim().to_string()).collect();
        if cells.iter().any(|c| c == "N_KV") {
            header = cells;
            continue;
        }
        if header.is_empty() || cells.iter().all(|c| c.chars().all(|c| matches!(c, '-' | ':'))) {
            continue;
        }
        if cells.len() != header.len() {
            let what = format!("{} cells where the header has {}", cells.len(), header.len());
            return Err(Fault::new(what, quoted(line), "paste the whole table").at(number));
        }
        let name = |title: &String| NAMES.iter().find(|(t, _)| t == title).map_or("", |(_, name)| name).to_string();
        let cells = header.iter().zip(cells).map(|(title, cell)| (name(title), value(cell)));
        let mark = ("rounded".to_string(), Value::Bool(true));
        found.push((number, Value::Map(cells.chain(settings.iter().cloned()).chain([mark]).collect())));
    }
    Ok(found)
}

fn put(line: u64, level: &Value, sheet: &mut Sheet) -> Result<()> {
    let number = |key: &str| must(line, level, key);
    let (pp, tg, b, kv) = (number("pp")?, number("tg")?, whole(line, level, "pl")?, number("n_kv")?);
    let (t_pp, t_tg, t) = (number("t_pp")?, number("t_tg")?, number("t")?);
    let is_shared = level.number("is_pp_shared").is_some_and(|n| n != 0.0);
    let prompt = if is_shared { pp } else { b * pp };
    let tokens = b * tg;
    if b == 0.0 || pp + tg == 0.0 {
        let value = format!("PP {pp}, TG {tg}, B {b}");
        return Err(Fault::new("a level without tokens", value, "leave the line out").at(line));
    }
    let all = b * (pp + tg);
    if kv != all && kv != prompt + tokens {
        let value = format!("N_KV {kv}, B x (PP + TG) is {all}");
        let remedy = "give the file as the tool wrote it";
        return Err(Fault::new("two numbers that contradict each other", value, remedy).at(line));
    }
    // The table rounds times to ms and rates to two decimals.
    let ms = if level.get("rounded").is_some() { 0.0015 } else { 1e-5 };
    agree(line, ("T", Some(t)), ("T_PP + T_TG is", t_pp + t_tg), ms)?;
    for (name, tokens, seconds) in
        [("speed_pp", prompt, t_pp), ("speed_tg", tokens, t_tg), ("speed", prompt + tokens, t)]
    {
        if let Some(rate) = level.number(name).filter(|_| tokens > 0.0) {
            agree(
                line,
                (&format!("`{name}` x its time gives"), Some(rate * seconds)),
                ("the level has", tokens),
                rate * ms,
            )?;
        }
    }
    let scenario = format!("pp{pp}+tg{tg} x{b}{}", if is_shared { ", shared prompt" } else { "" });
    let mut run = if tg > 0.0 { generate(scenario) } else { prefill(scenario) };
    run.batch = count(b).unwrap_or(1);
    set_prompt(&mut run, Some(prompt));
    run.new_tokens_asked = count(tg);
    run.tokens_generated = count(tokens);
    run.tokens_from = Some("B x TG: fixed lengths, which no end of text stops".into());
    run.latency_ms = Some(t * 1e3);
    if tg > 0.0 {
        run.ttft_ms = Some(t_pp * 1e3).filter(|_| pp > 0.0);
        run.tpot_ms = Some(t_tg / tg * 1e3);
    }
    run.threads = if level.get("n_threads").is_some() { count(whole(line, level, "n_threads")?) } else { None };
    if level.number("n_gpu_layers") == Some(0.0) {
        run.device = "cpu".into();
    }
    run.backend = "llama.cpp".into();
    sheet.add(line, run, Load::default(), When::Unknown, "`T`")
}

//! Shipped examples that stand where the reader's own values belong: the first screen says so until they are set.

use super::tiles::Head;
use crate::sql::tables;
use anyhow::Result;
use recombine::Workbench;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Home {
    line: String,
}

/// `example = true` marks them in `pipeline.toml`; only those that the numbers rest on are named.
pub fn lines(bench: &Workbench, priced: &Value, measured: &Value, head: Option<&Head>) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Count {
        n: i64,
    }
    let estimated: Vec<Count> = bench.select(tables::ESTIMATED_COUNT.sql)?;
    let mut lines = Vec::new();
    if estimated.first().is_some_and(|c| c.n > 0) {
        lines.extend(model(measured));
    }
    if head.is_some_and(Head::is_own) {
        lines.extend(purchase(&priced["owned"]));
    }
    lines.extend(bench.select::<Home>(tables::EXAMPLE_GRID.sql)?.into_iter().map(|home| home.line));
    Ok(lines)
}

fn model(measured: &Value) -> Option<String> {
    let sources = measured["power"].as_array()?;
    let model = sources.iter().find(|source| source["source"] == "cpu-model")?;
    let (idle, full) = (watts(&model["idle_w"])?, watts(&model["full_w"])?);
    let from = format!("The energy is a model of the CPU: {idle} W idle to {full} W at full load.");
    Some(match model["example"].as_bool() {
        Some(true) => format!(
            "{from} These numbers are a shipped example, not this CPU's: set `idle_w` and `full_w` in `[[collect.power]]`."
        ),
        _ => from,
    })
}

fn purchase(owned: &Value) -> Option<String> {
    owned["example"].as_bool().filter(|example| *example)?;
    let (capex, years) = (owned["capex_usd"].as_f64()?, owned["life_years"].as_f64()?);
    Some(format!(
        "The purchase of the machine, ${capex} over {years} years, is a shipped example: set your own in `[derive-costs.owned]`."
    ))
}

/// One number, or a range of two.
fn watts(value: &Value) -> Option<String> {
    let ends: Vec<f64> = match value.as_array() {
        Some(ends) => ends.iter().map(Value::as_f64).collect::<Option<_>>()?,
        None => vec![value.as_f64()?],
    };
    match ends.as_slice() {
        [one] => Some(one.to_string()),
        [low, high] if low == high => Some(low.to_string()),
        [low, high] => Some(format!("{low}-{high}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_example_is_called_one_until_it_is_replaced() {
        let power = |model: Value| json!({ "power": [{ "source": "rapl" }, model] });
        let shipped = json!({ "source": "cpu-model", "idle_w": [5.0, 20.0], "full_w": 65.0, "example": true });
        assert_eq!(
            model(&power(shipped)).unwrap(),
            "The energy is a model of the CPU: 5-20 W idle to 65 W at full load. These numbers are a shipped example, not this \
             CPU's: set `idle_w` and `full_w` in `[[collect.power]]`."
        );
        let set = json!({ "source": "cpu-model", "idle_w": 8.0, "full_w": [60.0, 60.0], "example": false });
        assert_eq!(model(&power(set)).unwrap(), "The energy is a model of the CPU: 8 W idle to 60 W at full load.");
        assert_eq!(model(&power(json!({ "source": "nvml" }))), None);
        let owned = json!({ "capex_usd": 1500.0, "life_years": 4.0, "example": true });
        assert_eq!(
            purchase(&owned).unwrap(),
            "The purchase of the machine, $1500 over 4 years, is a shipped example: set your own in `[derive-costs.owned]`."
        );
        assert_eq!(purchase(&json!({ "capex_usd": 900.0, "life_years": 3.0, "example": false })), None);
    }
}

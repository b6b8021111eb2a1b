//! LiteLLM's `model_prices_and_context_window.json`: one entry a model, USD per ONE token, tiers by the length of the input.

use super::{Price, Same, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value, amount},
    source::Source,
};
use std::collections::BTreeSet;

pub const FORMAT: Format<Sink> = Format {
    name: "litellm",
    about: "LiteLLM's model price JSON, USD per token",
    recognises: |head| {
        head.trim_start().starts_with('{')
            && (head.contains("\"input_cost_per_") || head.contains("\"litellm_provider\""))
    },
    read,
};

/// The entry that explains the others.
const DOCUMENTATION: &str = "sample_spec";

/// Embeddings cost 0.005 to 0.2 USD per million tokens.
const MOST_USD_PER_EMBEDDED_MTOK: f64 = 5.0;

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.options.dated()?;
    sink.same = Same::Equal;
    json::fields(&source.text()?, &mut |line, model, entry| {
        if model == DOCUMENTATION {
            return Ok(());
        }
        let seller = entry.text("litellm_provider").unwrap_or("unknown").to_string();
        if sink.options.provider.as_ref().is_some_and(|p| *p != seller) {
            return Ok(());
        }
        if let Some(other) = entry.text("currency").filter(|currency| !currency.eq_ignore_ascii_case("USD")) {
            let value = format!("{model}, {}", quoted(other));
            return Err(Fault::new("a price that is not in USD", value, "convert the entry or remove it").at(line));
        }
        let usd = |field: &str| amount(line, model, entry, field).map(|usd| usd.map(per_million));
        let is_chat = matches!(entry.text("mode"), Some("chat" | "completion" | "responses"));
        let mut base: Option<Price> = None;
        let mut rows = 0;
        for tier in tiers(entry) {
            let ending = tier.map(|t| format!("_above_{t}_tokens")).unwrap_or_default();
            let price = Price {
                provider: seller.clone(),
                region: "any".into(),
                instance: tier.map_or(model.to_string(), |t| format!("{model} (input above {t})")),
                tier: "api".into(),
                input_usd_per_mtok: usd(&format!("input_cost_per_token{ending}"))?,
                cached_input_usd_per_mtok: usd(&format!("cache_read_input_token_cost{ending}"))?,
                output_usd_per_mtok: usd(&format!("output_cost_per_token{ending}"))?,
                includes_power: true,
                ..Price::default()
            };
            if price.input_usd_per_mtok.is_none() && price.output_usd_per_mtok.is_none() {
                continue;
            }
            rows += 1;
            if !sink.options.wants(&price) {
                continue;
            }
            let (input, output) = (price.input_usd_per_mtok, price.output_usd_per_mtok);
            if is_chat && input.zip(output).is_some_and(|(input, output)| (input == 0.0) != (output == 0.0)) {
                sink.notes.add("only one of input and output is free", line, &price.instance);
            }
            let is_embedding = entry.text("mode") == Some("embedding");
            if let Some(usd) = input.filter(|usd| is_embedding && *usd > MOST_USD_PER_EMBEDDED_MTOK) {
                let what =
                    format!("implausible, an embedding above {MOST_USD_PER_EMBEDDED_MTOK} USD per million tokens");
                sink.notes.add(&what, line, &format!("{}, {usd}", price.instance));
            }
            if let Some(base) = &base {
                compare(sink, line, base, &price);
            }
            base.get_or_insert_with(|| price.clone());
            sink.row(line, price)?;
        }
        if rows == 0 {
            sink.notes.add("entry without a price per token, skipped", line, model);
        }
        Ok(())
    })
}

/// Long inputs cost up to twice as much; half of the base price, or five times it, is in another unit.
fn compare(sink: &mut Sink, line: u64, base: &Price, long: &Price) {
    let pairs = [
        (base.input_usd_per_mtok, long.input_usd_per_mtok),
        (base.output_usd_per_mtok, long.output_usd_per_mtok),
        (base.cached_input_usd_per_mtok, long.cached_input_usd_per_mtok),
    ];
    for (usd, above) in pairs.into_iter().filter_map(|(usd, above)| usd.zip(above)) {
        if above < usd / 2.0 || above > usd * 5.0 {
            let what = "implausible, beyond half to five times the price of short inputs, perhaps in another unit";
            sink.notes.add(what, line, &format!("{}, {above} and {usd}", long.instance));
        }
    }
}

/// The entry's base price, and the lengths above which another one holds.
fn tiers(entry: &Value) -> Vec<Option<&str>> {
    let above = |key: &'_ str| -> Option<(usize, usize)> {
        let start = key.find("put_cost_per_token_above_")? + "put_cost_per_token_above_".len();
        let length = key[start..].strip_suffix("_tokens")?.len();
        (key.starts_with("input_") || key.starts_with("output_")).then_some((start, start + length))
    };
    let keys = entry.keys();
    let lengths: BTreeSet<&str> = keys.filter_map(|k| above(k).map(|(from, to)| &k[from..to])).collect();
    std::iter::once(None).chain(lengths.into_iter().map(Some)).collect()
}

/// A price per token per million tokens, moved in decimal: 1.1e-6 is 1.1, not 1.0999999999999999.
fn per_million(usd: f64) -> f64 {
    let text = format!("{usd:e}");
    let moved = text.split_once('e').and_then(|(digits, power)| {
        let power: i32 = power.parse().ok()?;
        format!("{digits}e{}", power + 6).parse().ok()
    });
    moved.unwrap_or(usd * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_stay_decimal() {
        for (token, million) in [(3e-6, 3.0), (1.1e-6, 1.1), (2e-8, 0.02), (1.5e-5, 15.0), (0.0, 0.0), (0.015, 15000.0)]
        {
            assert_eq!(per_million(token), million);
        }
        assert_eq!(per_million(3e-6).to_string(), "3");
    }

    #[test]
    fn lengths_are_found_once() {
        let entry = r#"{"m": {"input_cost_per_token_above_200k_tokens": 1, "output_cost_per_token_above_200k_tokens": 1,
            "input_cost_per_token_above_128k_tokens": 1, "cache_read_input_token_cost_above_1hr": 1, "input_cost_per_token": 1}}"#;
        let found = json::fields(entry, &mut |_, _, entry| {
            assert_eq!(tiers(entry), [None, Some("128k"), Some("200k")]);
            Ok(())
        });
        assert_eq!(found, Ok(()));
    }
}

//! What the words mean.

use super::Material;
use crate::report::Section;
use anyhow::Result;

const TERMS: &[&str] = &[
    "`1M tokens`: a million prompt tokens in prefill, a million new tokens in generate.",
    "`prefill`: one forward pass over the prompt. `generate`: greedy decoding, its prefill included, with or without keys and \
     values kept (KV cache).",
    "`latency`: mean time of one iteration over the whole batch. `TTFT`: time to the first token. `TPOT`: time per output token \
     after the first.",
    "`gross` energy: all that a sensor saw in the window. `net`: gross less idle power times the window. `scope`: what the sensor \
     covers, from one package to the whole node.",
    "`USD per 1M` = hours x USD an hour / utilisation + kWh x PUE x USD per kWh, the latter only where the price does not include \
     power. `gCO2e per 1M` = kWh x PUE x g per kWh; carbon of making the hardware is given apart.",
    "`on_prem`: your own machine: its purchase over its life, upkeep, and electricity, also while it waits at the configured \
     utilisation. A price is `measured` when it is of \
     the hardware that ran, all of the machine or a share that its seller sells; `extrapolated` when it is of other hardware, whose \
     speed somebody stated beside what ran (`speed_factor`). The two are not ranked together. Any other price has no cost: nobody \
     knows what that hardware would do.",
    "Evidence, firmest first: `measured` (a clock), `measured_counter` and `measured_integral` (a sensor's counter, or its power \
     over time), `derived` (computed from these and a price), `imported` (measured elsewhere), `estimated` (a model of the power), \
     `extrapolated` (a price or grid of something else than what ran, or lengths that no run \
     had), `unknown`. A result has the weakest of its parts.",
    "Energy that is `estimated` is a model's. Its interval holds the spread of the runs and the stated range of the model, so it is no \
     better than that range.",
    "An interval is to cover the true mean with the stated probability (95 % unless configured), over the spread of runs, the \
     energy's own error and a price's range. It holds for runs like those that were seen: not for rare stalls that no run had, \
     and not for the assumptions of an estimated energy.",
    "Means: what adds up (USD, kWh, gCO2e per 1M tokens) is the arithmetic mean of the scenarios; latency, tokens/s and power are \
     geometric means. Ratios of backends are ratios of these means.",
    "A winner is named when a test of the difference tells it from every other backend. Intervals of two backends may overlap \
     although their difference is certain. Each family of tests errs with 5 %, and a report in which nothing differs says anywhere \
     that something does with 5 % at most.",
];

pub fn section(_: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "definitions",
        title: "Definitions".into(),
        list: TERMS.iter().map(|t| (*t).to_string()).collect(),
        ..Section::default()
    })
}

//! Prompts of the scenarios: row `i` of every batch is line `i`, cut or padded to the scenario's length.

use crate::{
    backends,
    config::{Config, Scenario},
    prepare::Preparer,
};
use anyhow::Result;
use protocol::{Batch, Files, Model, Source, backend::Form, random::SplitMix};
use std::collections::HashMap;

const PROMPTS: &str = include_str!("prompts.txt");

pub struct Prompts {
    rows: Vec<Vec<u32>>,
    /// Of each scenario, what its tokens are as text; where a server of a model with a tokenizer is asked.
    texts: HashMap<String, Vec<String>>,
}

impl Prompts {
    /// Texts by the model's own tokenizer; without one (synthetic weights), seeded ids.
    pub fn new(config: &Config, model: &Model, preparer: &mut Preparer) -> Result<Self> {
        let longest = config.scenario.iter().map(|s| s.prompt_tokens).max().unwrap_or(1);
        let rows = match &model.tokenizer {
            Some(tokenizer) => preparer.encode(tokenizer, PROMPTS.lines().map(str::to_string).collect())?,
            None => {
                let seed = if let Source::Synthetic { seed, .. } = &config.model { *seed } else { 0 };
                let mut random = SplitMix::new(seed);
                let row = |_| (0..longest).map(|_| (random.draw() % model.vocabulary as u64) as u32).collect();
                PROMPTS.lines().map(row).collect()
            }
        };
        let mut prompts = Prompts { rows, texts: HashMap::new() };
        let is_served = backends::asked(config)?.iter().any(|backend| backend.form == Form::Served);
        if let (Some(tokenizer), true, false) = (&model.tokenizer, is_served, matches!(model.files, Files::Served)) {
            for scenario in &config.scenario {
                let batch = prompts.batch(scenario);
                let rows = batch.ids.iter().zip(&batch.pads).map(|(ids, &pad)| ids[pad..].to_vec()).collect();
                prompts.texts.insert(scenario.name.clone(), preparer.decode(tokenizer, rows)?);
            }
        }
        Ok(prompts)
    }

    pub fn batch(&self, scenario: &Scenario) -> Batch {
        let longest = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        // A prompt longer than all texts repeats its text; shorter ones differ in length, so batches are padded.
        let row = |ids: &Vec<u32>| match scenario.prompt_tokens > longest {
            true => ids.iter().cycle().take(scenario.prompt_tokens).copied().collect(),
            false => ids.clone(),
        };
        let rows: Vec<Vec<u32>> = self.rows.iter().cycle().take(scenario.batch).map(row).collect();
        Batch::new(&rows, scenario.prompt_tokens)
    }

    /// The rows as text for a server; of a model that only the server has, as many words as tokens were asked for.
    pub fn texts(&self, scenario: &Scenario) -> Vec<String> {
        if let Some(texts) = self.texts.get(&scenario.name) {
            return texts.clone();
        }
        let text =
            |line: &str| line.split_whitespace().cycle().take(scenario.prompt_tokens).collect::<Vec<_>>().join(" ");
        PROMPTS.lines().cycle().take(scenario.batch).map(text).collect()
    }

    /// Two rows of different length for the gate before timing, the second one padded.
    pub fn parity_batch(&self) -> Batch {
        let mut rows: Vec<Vec<u32>> = self.rows.iter().take(2).cloned().collect();
        let longest = rows.iter().map(Vec::len).max().unwrap_or(1);
        if let Some(second) = rows.get_mut(1) {
            second.truncate(longest.saturating_sub(3).max(1));
        }
        Batch::new(&rows, longest)
    }
}

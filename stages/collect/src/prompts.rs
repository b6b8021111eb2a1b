//! Prompts of the scenarios: row `i` of every batch is line `i`, cut or padded to the scenario's length.

use crate::{
    config::{Config, Scenario},
    models::{Files, Model, batch::Batch, source::Source, tokenizer},
    random::SplitMix,
};
use anyhow::Result;

const PROMPTS: &str = include_str!("prompts.txt");

pub struct Prompts {
    rows: Vec<Vec<u32>>,
    tokenizer: Option<tokenizers::Tokenizer>,
}

impl Prompts {
    /// Texts by the model's own tokenizer; without one (synthetic weights), seeded ids.
    pub fn new(config: &Config, model: &Model) -> Result<Self> {
        let longest = config.scenario.iter().map(|s| s.prompt_tokens).max().unwrap_or(1);
        let tokenizer = model.tokenizer.as_deref().map(tokenizer::load).transpose()?;
        let rows = match &tokenizer {
            Some(tokenizer) => PROMPTS.lines().map(|line| tokenizer::encode(tokenizer, line)).collect::<Result<_>>()?,
            None => {
                let seed = if let Source::Synthetic { seed, .. } = &config.model { *seed } else { 0 };
                let mut random = SplitMix::new(seed);
                let row = |_| (0..longest).map(|_| (random.next() % model.vocabulary as u64) as u32).collect();
                PROMPTS.lines().map(row).collect()
            }
        };
        Ok(Prompts { rows, tokenizer })
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
    pub fn texts(&self, scenario: &Scenario, model: &Model) -> Result<Vec<String>> {
        if let (Some(tokenizer), false) = (&self.tokenizer, matches!(model.files, Files::Served)) {
            let batch = self.batch(scenario);
            let rows = batch.ids.iter().zip(&batch.pads);
            return rows.map(|(ids, &pad)| tokenizer::decode(tokenizer, &ids[pad..])).collect();
        }
        let text =
            |line: &str| line.split_whitespace().cycle().take(scenario.prompt_tokens).collect::<Vec<_>>().join(" ");
        Ok(PROMPTS.lines().cycle().take(scenario.batch).map(text).collect())
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

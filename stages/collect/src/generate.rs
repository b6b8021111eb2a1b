//! Greedy decoding, written once over every engine.

use crate::{
    backends::{Engine, Step},
    models::batch::Batch,
};
use anyhow::{Result, ensure};
use std::time::Instant;

/// What one iteration did.
pub struct Generated {
    /// New tokens, `[step][batch]`.
    pub tokens: Vec<Vec<u32>>,
    pub step_ns: Vec<u64>,
    /// Keys and values held after the last step.
    pub cache_bytes: usize,
}

/// Index of the largest value (the first of equals) of each row's last position.
fn last_argmax(logits: &[f32], [rows, positions, vocabulary]: [usize; 3]) -> Vec<u32> {
    let last = |r: usize| &logits[(r * positions + positions - 1) * vocabulary..][..vocabulary];
    let argmax = |row: &[f32]| {
        row.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (i, &v)| if v > best.1 { (i, v) } else { best }).0
    };
    (0..rows).map(|r| argmax(last(r)) as u32).collect()
}

/// One forward pass; the next token of each row, so that no engine can leave the work undone.
pub fn prefill(engine: &mut dyn Engine, batch: &Batch, last: bool) -> Result<Vec<u32>> {
    let mut next = Vec::new();
    engine
        .forward(&Step { batch, past: 0, keep: false, last }, &mut |logits, shape| next = last_argmax(logits, shape))?;
    ensure!(
        next.len() == batch.rows(),
        "engine returned logits of {} rows for a batch of {}",
        next.len(),
        batch.rows()
    );
    Ok(next)
}

/// `new` greedy tokens a row. With a cache each step runs one new column; without, all columns again.
pub fn generate(engine: &mut dyn Engine, prompt: &Batch, new: usize, kv_cache: bool, last: bool) -> Result<Generated> {
    engine.clear();
    let mut batch = prompt.clone();
    let (mut tokens, mut step_ns, mut past) = (Vec::with_capacity(new), Vec::with_capacity(new), 0);
    for _ in 0..new {
        let started = Instant::now();
        let mut next = Vec::new();
        let step = Step { batch: &batch, past, keep: kv_cache, last };
        engine.forward(&step, &mut |logits, shape| next = last_argmax(logits, shape))?;
        ensure!(
            next.len() == batch.rows(),
            "engine returned logits of {} rows for a batch of {}",
            next.len(),
            batch.rows()
        );
        if kv_cache {
            past = batch.len();
        }
        batch.push(&next);
        tokens.push(next);
        step_ns.push(started.elapsed().as_nanos() as u64);
    }
    let cache_bytes = engine.cache_bytes();
    engine.clear();
    Ok(Generated { tokens, step_ns, cache_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::Attestation;

    /// Predicts the number of columns it was shown, and remembers what it was asked.
    #[derive(Default)]
    struct Counting {
        steps: Vec<(usize, usize)>,
    }

    impl Engine for Counting {
        fn attest(&self) -> Attestation {
            Attestation::default()
        }
        fn clear(&mut self) {}
        fn cache_bytes(&self) -> usize {
            7
        }
        fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
            self.steps.push((step.past, step.batch.len()));
            let mut logits = vec![0.0; step.batch.rows() * 16];
            logits.chunks_mut(16).for_each(|row| row[step.batch.len()] = 1.0);
            see(&logits, [step.batch.rows(), 1, 16]);
            Ok(())
        }
    }

    #[test]
    fn a_cache_runs_one_column_a_step_and_no_cache_runs_all() {
        let prompt = Batch::new(&[vec![1, 2, 3], vec![4, 5]], 3);
        let mut engine = Counting::default();
        let cached = generate(&mut engine, &prompt, 3, true, true).unwrap();
        assert_eq!(engine.steps, [(0, 3), (3, 4), (4, 5)]);
        assert_eq!(cached.tokens, [[3, 3], [4, 4], [5, 5]]);
        engine.steps.clear();
        let uncached = generate(&mut engine, &prompt, 3, false, true).unwrap();
        assert_eq!(engine.steps, [(0, 3), (0, 4), (0, 5)]);
        assert_eq!(uncached.tokens, cached.tokens);
    }
}

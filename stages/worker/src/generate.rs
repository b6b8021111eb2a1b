//! Greedy decoding, written once over every engine.

use crate::engine::{Engine, Iteration, Step, Subject};
use anyhow::{Result, ensure};
use protocol::{Attestation, Batch, Mode, RunRequest};
use std::time::Instant;

/// An engine under the generation loop.
pub struct Generating {
    engine: Box<dyn Engine>,
}

/// How a generation goes.
struct Decoding<'a> {
    new_tokens: usize,
    stop_tokens: &'a [u32],
    kv_cache: bool,
    last: bool,
}

/// Values that are compared at once.
const LANES: usize = 32;

/// Index of the largest value, the first of equals. One value after the other, each comparison waits for the last, which over
/// a vocabulary is half a per cent of a small model's step.
fn argmax(row: &[f32]) -> usize {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane = if v > *lane { v } else { *lane });
    }
    let largest = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |best, &v| if v > best { v } else { best });
    let chunk = chunks.iter().position(|c| c.iter().fold(false, |found, &v| found | (v == largest)));
    let from = chunk.unwrap_or(chunks.len()) * LANES;
    row[from..].iter().position(|&v| v == largest).map_or(0, |i| from + i)
}

/// The next token of each row: the largest logit of its last position.
fn last_argmax(logits: &[f32], [rows, positions, vocabulary]: [usize; 3]) -> Vec<u32> {
    let last = |r: usize| &logits[(r * positions + positions - 1) * vocabulary..][..vocabulary];
    (0..rows).map(|r| argmax(last(r)) as u32).collect()
}

impl Generating {
    pub fn new(engine: Box<dyn Engine>) -> Self {
        Generating { engine }
    }

    /// One forward pass; the next token of each row, so that no engine can leave the work undone.
    fn step(&mut self, step: &Step) -> Result<Vec<u32>> {
        let mut next = Vec::new();
        self.engine.forward(step, &mut |logits, shape| next = last_argmax(logits, shape))?;
        let rows = step.batch.rows();
        ensure!(next.len() == rows, "engine returned logits of {} rows for a batch of {rows}", next.len());
        Ok(next)
    }

    /// Greedy tokens `[step][row]`, and what that took. With a cache each step runs one new column; without, all columns again.
    fn generate(&mut self, prompt: &Batch, how: &Decoding) -> Result<(Vec<Vec<u32>>, Iteration)> {
        self.engine.clear();
        let mut batch = prompt.clone();
        let (mut tokens, mut step_ns, mut past) = (Vec::new(), Vec::new(), 0);
        let mut cache_bytes = [0, 0];
        let mut running = vec![true; prompt.rows()];
        let mut counted = 0;
        while tokens.len() < how.new_tokens && running.contains(&true) {
            let started = Instant::now();
            let next = self.step(&Step { batch: &batch, past, keep: how.kv_cache, last: how.last })?;
            if how.kv_cache {
                past = batch.columns();
            }
            batch.push(&next);
            step_ns.push(started.elapsed().as_nanos() as u64);
            cache_bytes[usize::from(!tokens.is_empty())] = self.engine.cache_bytes();
            for (running, token) in running.iter_mut().zip(&next) {
                counted += usize::from(*running);
                *running &= !how.stop_tokens.contains(token);
            }
            tokens.push(next);
        }
        if tokens.len() == 1 {
            cache_bytes[1] = cache_bytes[0];
        }
        self.engine.clear();
        let done = Iteration {
            step_ns,
            tokens_in: prompt.padded_tokens(),
            tokens_generated: counted,
            cache_bytes: how.kv_cache.then_some(cache_bytes),
            ..Iteration::default()
        };
        Ok((tokens, done))
    }
}

impl Subject for Generating {
    fn attest(&self) -> Attestation {
        self.engine.attest()
    }

    fn logits(&mut self, batch: &Batch, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        self.engine.clear();
        self.engine.forward(&Step { batch, past: 0, keep: false, last: false }, see)
    }

    fn greedy(&mut self, batch: &Batch, new_tokens: usize) -> Result<Vec<Vec<u32>>> {
        let how = Decoding { new_tokens, stop_tokens: &[], kv_cache: self.engine.can_keep(), last: true };
        Ok(self.generate(batch, &how)?.0)
    }

    fn last_alone(&self) -> bool {
        self.engine.last_alone()
    }

    fn iterate(&mut self, run: &RunRequest) -> Result<Iteration> {
        if run.mode == Mode::Prefill {
            self.engine.clear();
            self.step(&Step { batch: &run.batch, past: 0, keep: false, last: run.last_logits })?;
            return Ok(Iteration { tokens_in: run.batch.padded_tokens(), ..Iteration::default() });
        }
        let how = Decoding {
            new_tokens: run.new_tokens,
            stop_tokens: &run.stop_tokens,
            kv_cache: run.kv_cache,
            last: run.last_logits,
        };
        Ok(self.generate(&run.batch, &how)?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Predicts the number of columns it was shown, and remembers what it was asked.
    #[derive(Default)]
    struct Counting {
        steps: Arc<Mutex<Vec<(usize, usize)>>>,
        cached: usize,
    }

    impl Engine for Counting {
        fn attest(&self) -> Attestation {
            Attestation::default()
        }
        fn clear(&mut self) {
            self.cached = 0;
        }
        fn cache_bytes(&self) -> usize {
            self.cached
        }
        fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
            self.steps.lock().unwrap().push((step.past, step.batch.columns()));
            self.cached = step.batch.columns() * 10;
            let mut logits = vec![0.0; step.batch.rows() * 16];
            logits.chunks_mut(16).for_each(|row| row[step.batch.columns()] = 1.0);
            see(&logits, [step.batch.rows(), 1, 16]);
            Ok(())
        }
    }

    fn how(kv_cache: bool, stop_tokens: &[u32]) -> Decoding<'_> {
        Decoding { new_tokens: 3, stop_tokens, kv_cache, last: true }
    }

    #[test]
    fn the_largest_is_found_wherever_it_is_and_the_first_of_equals() {
        for length in [1, 31, 32, 33, 64, 100] {
            for at in 0..length {
                let mut row: Vec<f32> = (0..length).map(|i| -1.0 - i as f32).collect();
                row[at..].iter_mut().step_by(7).for_each(|v| *v = 5.0);
                assert_eq!(argmax(&row), at, "{length} values");
            }
        }
        assert_eq!(argmax(&[f32::NAN, 1.0, f32::NAN]), 1);
        assert_eq!(argmax(&[f32::NAN; 40]), 0);
    }

    #[test]
    fn a_cache_runs_one_column_a_step_and_no_cache_runs_all() {
        let prompt = Batch::new(&[vec![1, 2, 3], vec![4, 5]], 3);
        let engine = Counting::default();
        let steps = engine.steps.clone();
        let mut generating = Generating::new(Box::new(engine));
        let (tokens, cached) = generating.generate(&prompt, &how(true, &[])).unwrap();
        assert_eq!(steps.lock().unwrap().drain(..).collect::<Vec<_>>(), [(0, 3), (3, 4), (4, 5)]);
        assert_eq!(tokens, [[3, 3], [4, 4], [5, 5]]);
        assert_eq!((cached.tokens_generated, cached.cache_bytes), (6, Some([30, 50])));
        let (uncached, _) = generating.generate(&prompt, &how(false, &[])).unwrap();
        assert_eq!(*steps.lock().unwrap(), [(0, 3), (0, 4), (0, 5)]);
        assert_eq!(uncached, tokens);
    }

    #[test]
    fn a_stop_token_ends_its_row_and_all_rows_the_iteration() {
        let prompt = Batch::new(&[vec![1, 2, 3], vec![4, 5]], 3);
        let mut generating = Generating::new(Box::new(Counting::default()));
        let (tokens, stopped) = generating.generate(&prompt, &how(true, &[4])).unwrap();
        assert_eq!((tokens.len(), stopped.tokens_generated), (2, 4));
    }
}

//! What an engine is, and what a worker serves.

use anyhow::Result;
use protocol::{Attestation, Batch, RunRequest};

/// One forward pass over columns `past..` of a batch.
pub struct Step<'a> {
    pub batch: &'a Batch,
    pub past: usize,
    /// Keep keys and values, and use those kept for the columns before `past`.
    pub keep: bool,
    /// Logits of the last position alone, or of all.
    pub last: bool,
}

/// An engine with a model loaded, one forward pass at a time.
pub trait Engine {
    fn attest(&self) -> Attestation;
    /// Forgets kept keys and values.
    fn clear(&mut self);
    /// Bytes of keys and values held.
    fn cache_bytes(&self) -> usize;
    /// Runs a step; `see` gets the logits `[batch, positions, vocabulary]`, row-major.
    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()>;
    /// Whether it can leave out the logits of all positions but the last.
    fn last_alone(&self) -> bool {
        true
    }
    /// Whether it can keep keys and values between steps.
    fn can_keep(&self) -> bool {
        true
    }
}

/// What one iteration of a run did.
#[derive(Debug, Default)]
pub struct Iteration {
    /// Time of each step; empty for prefill.
    pub step_ns: Vec<u64>,
    /// Time to the first token, where it is not the first step's.
    pub ttft_ns: Option<u64>,
    pub tokens_in: usize,
    pub prompt_tokens: Option<usize>,
    pub tokens_generated: usize,
    /// Keys and values held after the first and the last step.
    pub cache_bytes: Option<[usize; 2]>,
}

/// What a worker serves: an engine under the generation loop, or something that generates by itself.
pub trait Subject {
    fn attest(&self) -> Attestation;
    /// Logits of all positions, `[batch, seq, vocabulary]`.
    fn logits(&mut self, batch: &Batch, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()>;
    /// Greedy tokens `[step][row]`, with a cache where there can be one.
    fn greedy(&mut self, batch: &Batch, new_tokens: usize) -> Result<Vec<Vec<u32>>>;
    /// One iteration of a run.
    fn iterate(&mut self, run: &RunRequest) -> Result<Iteration>;
    fn last_alone(&self) -> bool {
        true
    }
}

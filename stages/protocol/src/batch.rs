//! Token ids of one iteration, left-padded to one length.

use serde::{Deserialize, Serialize};

/// Token that fills the left of shorter rows. Masked, so its value is never seen.
pub const PAD: u32 = 0;

/// Ids `[batch][seq]`; row `b` begins with `pads[b]` padding tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub ids: Vec<Vec<u32>>,
    pub pads: Vec<usize>,
}

impl Batch {
    /// Cuts rows to `len` tokens and pads shorter ones on the left.
    pub fn new(rows: &[Vec<u32>], len: usize) -> Self {
        let pads: Vec<usize> = rows.iter().map(|r| len.saturating_sub(r.len())).collect();
        let ids = rows
            .iter()
            .zip(&pads)
            .map(|(row, &pad)| std::iter::repeat_n(PAD, pad).chain(row.iter().take(len - pad).copied()).collect())
            .collect();
        Batch { ids, pads }
    }

    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Tokens in each row, padding counted.
    pub fn columns(&self) -> usize {
        self.ids.first().map_or(0, Vec::len)
    }

    pub fn padded_tokens(&self) -> usize {
        self.rows() * self.columns()
    }

    pub fn real_tokens(&self) -> usize {
        self.padded_tokens() - self.pads.iter().sum::<usize>()
    }

    /// Position of column `at` in row `row`: counted from the first real token, 0 for padding.
    pub fn position(&self, row: usize, at: usize) -> usize {
        at.saturating_sub(self.pads[row])
    }

    /// Whether column `at` of row `row` is a real token.
    pub fn is_real(&self, row: usize, at: usize) -> bool {
        at >= self.pads[row]
    }

    /// Appends one token to each row.
    pub fn push(&mut self, tokens: &[u32]) {
        for (row, &token) in self.ids.iter_mut().zip(tokens) {
            row.push(token);
        }
    }
}

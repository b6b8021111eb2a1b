//! The gate before timing: backends that compute different things are not compared.

use crate::{
    client::Client,
    config::Parity,
    models::batch::Batch,
    protocol::{Answer, Request},
};
use anyhow::{Context, Result, bail};
use std::{path::Path, time::Duration};

/// What one backend computed for the fixed prompts.
pub struct Computed {
    backend: String,
    batch: Batch,
    shape: [usize; 3],
    logits: Vec<f32>,
    tokens: Vec<Vec<u32>>,
}

/// Logits of all positions and greedy tokens of a batch whose second row is padded.
pub fn compute(
    client: &mut Client,
    backend: &str,
    batch: &Batch,
    parity: &Parity,
    scratch: &Path,
    timeout: Duration,
) -> Result<Computed> {
    let path = scratch.join(format!(".{backend}.logits.{}", std::process::id()));
    let answer = client.ask(&Request::Logits { batch: batch.clone(), path: path.clone() }, timeout);
    let bytes = std::fs::read(&path);
    let _ = std::fs::remove_file(&path);
    let Answer::Logits { shape } = answer? else { bail!("{backend}: no logits") };
    let bytes = bytes.with_context(|| format!("{}: cannot read", path.display()))?;
    let logits = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let greedy = Request::Greedy { batch: batch.clone(), new_tokens: parity.greedy_tokens };
    let Answer::Greedy { tokens } = client.ask(&greedy, timeout)? else { bail!("{backend}: no tokens") };
    Ok(Computed { backend: backend.into(), batch: batch.clone(), shape, logits, tokens })
}

/// Largest absolute difference of the logits at real positions; refused over the bound or when a greedy token differs.
pub fn compare(reference: &Computed, other: &Computed, parity: &Parity) -> Result<f32> {
    let (a, b) = (&reference.backend, &other.backend);
    if reference.shape != other.shape || reference.logits.len() != other.logits.len() {
        bail!(
            "{b}: logits have another shape than those of {a}, {:?} and {:?}, do not compare their speeds",
            other.shape,
            reference.shape
        );
    }
    let [_, positions, vocabulary] = reference.shape;
    let mut largest = 0f32;
    for (i, (x, y)) in reference.logits.iter().zip(&other.logits).enumerate() {
        let (row, column) = (i / vocabulary / positions, i / vocabulary % positions);
        if reference.batch.is_real(row, column) {
            let difference = (x - y).abs();
            largest = if difference.is_nan() { f32::INFINITY } else { largest.max(difference) };
        }
    }
    if largest > parity.max_logit_difference {
        bail!(
            "{b}: logits differ from those of {a}, by {largest} (bound {}), do not compare their speeds",
            parity.max_logit_difference
        );
    }
    if let Some(step) = (0..parity.greedy_tokens).find(|&s| reference.tokens.get(s) != other.tokens.get(s)) {
        bail!(
            "{b}: greedy token {step} differs from that of {a}, {:?} and {:?}, do not compare their speeds",
            other.tokens.get(step),
            reference.tokens.get(step)
        );
    }
    Ok(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computed(backend: &str, logits: [f32; 4], token: u32) -> Computed {
        let batch = Batch::new(&[vec![5]], 2);
        Computed {
            backend: backend.into(),
            batch,
            shape: [1, 2, 2],
            logits: logits.to_vec(),
            tokens: vec![vec![token]],
        }
    }

    #[test]
    fn real_positions_count_and_padding_does_not() {
        let parity = Parity { max_logit_difference: 0.01, greedy_tokens: 1 };
        let a = computed("a", [9.0, 9.0, 1.0, 2.0], 3);
        assert_eq!(compare(&a, &computed("b", [0.0, 0.0, 1.0, 2.0], 3), &parity).unwrap(), 0.0);
        let far = compare(&a, &computed("b", [9.0, 9.0, 1.0, 2.5], 3), &parity).unwrap_err().to_string();
        assert_eq!(far, "b: logits differ from those of a, by 0.5 (bound 0.01), do not compare their speeds");
        let nan = compare(&a, &computed("b", [9.0, 9.0, f32::NAN, 2.0], 3), &parity).unwrap_err().to_string();
        assert_eq!(nan, "b: logits differ from those of a, by inf (bound 0.01), do not compare their speeds");
        let token = compare(&a, &computed("b", [9.0, 9.0, 1.0, 2.0], 4), &parity).unwrap_err().to_string();
        assert_eq!(
            token,
            "b: greedy token 0 differs from that of a, Some([4]) and Some([3]), do not compare their speeds"
        );
    }
}

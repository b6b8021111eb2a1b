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

/// How far a backend is from the reference, at real positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Largest difference over the largest logit of the reference.
    pub relative: f32,
    /// Root mean square of the differences over that of the reference.
    pub rms: f32,
    /// Steps of greedy decoding until the first other token.
    pub same_tokens: usize,
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

/// The distance from the reference; an error where it is over the bounds, or where greedy tokens of an exact backend differ.
pub fn compare(reference: &Computed, other: &Computed, exact: bool, parity: &Parity) -> Result<Distance> {
    let (a, b) = (&reference.backend, &other.backend);
    if reference.shape != other.shape || reference.logits.len() != other.logits.len() {
        bail!(
            "{b}: logits have another shape than those of {a}, {:?} and {:?}, do not compare their speeds",
            other.shape,
            reference.shape
        );
    }
    let [_, positions, vocabulary] = reference.shape;
    let real = |i: usize| reference.batch.is_real(i / vocabulary / positions, i / vocabulary % positions);
    let (mut largest, mut scale, mut squares, mut reference_squares) = (0f32, 0f32, 0f64, 0f64);
    let pairs = reference.logits.iter().zip(&other.logits).enumerate();
    for (_, (x, y)) in pairs.filter(|(i, _)| real(*i)) {
        let difference = if y.is_finite() { (x - y).abs() } else { f32::INFINITY };
        largest = largest.max(difference);
        scale = scale.max(x.abs());
        squares += f64::from(difference).powi(2);
        reference_squares += f64::from(*x).powi(2);
    }
    let same_tokens = (0..parity.greedy_tokens).take_while(|&s| reference.tokens.get(s) == other.tokens.get(s)).count();
    let distance =
        Distance { relative: largest / scale, rms: (squares / reference_squares).sqrt() as f32, same_tokens };
    let over = |found: f32, bound: f32| found.is_nan() || found > bound;
    let refused = |what: &str, found: f32, bound: f32| {
        bail!(
            "{b}: logits differ from those of {a}, {what} {found:.2e} (bound {bound:.2e}), do not compare their speeds"
        )
    };
    if exact && over(distance.relative, parity.max_relative_difference) {
        return refused("relative difference", distance.relative, parity.max_relative_difference);
    }
    if !exact && over(distance.rms, parity.max_quantized_rms) {
        return refused("relative root mean square", distance.rms, parity.max_quantized_rms);
    }
    if exact && same_tokens < parity.greedy_tokens {
        bail!(
            "{b}: greedy token {same_tokens} differs from that of {a}, {:?} and {:?}, do not compare their speeds",
            other.tokens.get(same_tokens),
            reference.tokens.get(same_tokens)
        );
    }
    Ok(distance)
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
        let parity = Parity { max_relative_difference: 0.01, max_quantized_rms: 0.3, greedy_tokens: 1 };
        let a = computed("a", [9.0, 9.0, 1.0, 2.0], 3);
        let check = |logits, token, exact| compare(&a, &computed("b", logits, token), exact, &parity);
        let same = Distance { relative: 0.0, rms: 0.0, same_tokens: 1 };
        assert_eq!(check([0.0, 0.0, 1.0, 2.0], 3, true).unwrap(), same);
        let refused = |logits, token, exact| check(logits, token, exact).unwrap_err().to_string();
        assert_eq!(
            refused([9.0, 9.0, 1.0, 2.5], 3, true),
            "b: logits differ from those of a, relative difference 2.50e-1 (bound 1.00e-2), do not compare their speeds"
        );
        assert_eq!(
            refused([9.0, 9.0, f32::NAN, 2.0], 3, true),
            "b: logits differ from those of a, relative difference inf (bound 1.00e-2), do not compare their speeds"
        );
        assert_eq!(
            refused([9.0, 9.0, 1.0, 2.0], 4, true),
            "b: greedy token 0 differs from that of a, Some([4]) and Some([3]), do not compare their speeds"
        );
        let rounded = check([9.0, 9.0, 1.0, 2.5], 4, false).unwrap();
        assert!((rounded.rms - 0.2236).abs() < 1e-4 && rounded.same_tokens == 0, "{rounded:?}");
        assert_eq!(
            refused([9.0, 9.0, 0.0, 0.0], 3, false),
            "b: logits differ from those of a, relative root mean square 1.00e0 (bound 3.00e-1), do not compare their speeds"
        );
    }
}

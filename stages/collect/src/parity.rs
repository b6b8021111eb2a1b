//! The gate before timing: backends that compute different things are not compared.

use crate::{client::Client, config::Parity};
use anyhow::{Context, Result, bail};
use protocol::{Answer, Batch, Request};
use std::{io::Read, path::Path, time::Duration};

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

/// Logits of all positions and greedy tokens of a batch whose second row is padded. Another shape than asked, or a value at a real position
/// that is not finite, is refused, whoever says it: the first backend is what all others are compared with.
pub fn compute(
    client: &mut Client,
    backend: &str,
    batch: &Batch,
    vocabulary: usize,
    greedy_tokens: usize,
    scratch: &Path,
    timeout: Duration,
) -> Result<Computed> {
    let folder = schemas::partial::Folder::beside(&scratch.join("logits"), ".partial")?;
    let path = folder.path().join("logits");
    let answer = client.ask(&Request::Logits { batch: batch.clone(), path: path.clone() }, timeout);
    let wanted = [batch.rows(), batch.columns(), vocabulary];
    let bytes = read_exactly(&path, wanted.iter().product::<usize>() * 4);
    let Answer::Logits { shape } = answer? else { bail!("{backend}: no logits") };
    if shape != wanted {
        bail!("{backend}: logits have another shape than was asked, {shape:?} instead of {wanted:?}");
    }
    let bytes = bytes.with_context(|| format!("{backend}: no logits in the file that was named"))?;
    let logits: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let greedy = Request::Greedy { batch: batch.clone(), new_tokens: greedy_tokens };
    let Answer::Greedy { tokens } = client.ask(&greedy, timeout)? else { bail!("{backend}: no tokens") };
    let computed = Computed { backend: backend.into(), batch: batch.clone(), shape, logits, tokens };
    computed.check(greedy_tokens)?;
    Ok(computed)
}

/// The bytes of a plain file of this length.
fn read_exactly(path: &Path, length: usize) -> Result<Vec<u8>> {
    let mut file = crate::power::sysfs::open(path)?;
    let found = file.metadata()?.len();
    if found != length as u64 {
        bail!("{found} bytes instead of {length}");
    }
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Computed {
    fn is_real(&self, place: usize) -> bool {
        let [_, positions, vocabulary] = self.shape;
        self.batch.is_real(place / vocabulary / positions, place / vocabulary % positions)
    }

    /// What no honest engine computes.
    fn check(&self, greedy_tokens: usize) -> Result<()> {
        let (backend, rows, vocabulary) = (&self.backend, self.batch.rows(), self.shape[2]);
        let mut largest = 0f32;
        for (_, logit) in self.logits.iter().enumerate().filter(|(i, _)| self.is_real(*i)) {
            if !logit.is_finite() {
                bail!("{backend}: a logit is no number, {logit}");
            }
            largest = largest.max(logit.abs());
        }
        if largest == 0.0 {
            bail!("{backend}: all logits are 0");
        }
        let steps = self.tokens.len();
        if steps != greedy_tokens || self.tokens.iter().any(|step| step.len() != rows) {
            bail!("{backend}: {steps} steps of greedy tokens instead of {greedy_tokens}, each of {rows} rows");
        }
        match self.tokens.iter().flatten().find(|token| **token as usize >= vocabulary) {
            Some(token) => bail!("{backend}: token {token} is outside a vocabulary of {vocabulary}"),
            None => Ok(()),
        }
    }
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
    let (mut largest, mut scale, mut squares, mut reference_squares) = (0f32, 0f32, 0f64, 0f64);
    let pairs = reference.logits.iter().zip(&other.logits).enumerate();
    for (_, (x, y)) in pairs.filter(|(i, _)| reference.is_real(*i)) {
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

    #[test]
    fn what_no_engine_computes_is_refused_of_the_reference_too() {
        let checked = |computed: Computed| computed.check(1).map_err(|e| e.to_string());
        assert_eq!(checked(computed("a", [f32::NAN, 9.0, 1.0, 2.0], 1)), Ok(()), "padding is never seen");
        for (computed, refused) in [
            (computed("a", [9.0, 9.0, f32::NAN, 2.0], 1), "a: a logit is no number, NaN"),
            (computed("a", [9.0, 9.0, 1.0, f32::NEG_INFINITY], 1), "a: a logit is no number, -inf"),
            (computed("a", [9.0, 9.0, 0.0, 0.0], 1), "a: all logits are 0"),
            (computed("a", [9.0, 9.0, 1.0, 2.0], 2), "a: token 2 is outside a vocabulary of 2"),
            (
                Computed { tokens: vec![vec![1], vec![1]], ..computed("a", [9.0, 9.0, 1.0, 2.0], 1) },
                "a: 2 steps of greedy tokens instead of 1, each of 1 rows",
            ),
            (
                Computed { tokens: vec![vec![1, 1]], ..computed("a", [9.0, 9.0, 1.0, 2.0], 1) },
                "a: 1 steps of greedy tokens instead of 1, each of 1 rows",
            ),
        ] {
            assert_eq!(checked(computed), Err(refused.to_string()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logits");
        std::fs::write(&path, [0; 12]).unwrap();
        assert_eq!(read_exactly(&path, 8).unwrap_err().to_string(), "12 bytes instead of 8");
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(read_exactly(&path, 8).unwrap_err().to_string(), "not a plain file");
    }
}

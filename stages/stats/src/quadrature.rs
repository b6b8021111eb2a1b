//! Adaptive Gauss-Kronrod quadrature, 7 and 15 points (Kronrod 1965; Piessens et al. 1983, QUADPACK, table of `qk15`).

const NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_5,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_48,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_56,
    0.104_790_010_322_250_19,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_42,
    0.204_432_940_075_298_89,
    0.209_482_141_084_727_82,
];
/// Of the nodes 1, 3, 5 and 7.
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];

/// One panel: the integral, and how far seven points are from fifteen.
pub fn panel(low: f64, high: f64, f: &impl Fn(f64) -> f64) -> (f64, f64) {
    let (centre, half) = (f64::midpoint(low, high), (high - low) / 2.0);
    let (mut kronrod, mut gauss) = (0.0, 0.0);
    for (i, node) in NODES.iter().enumerate() {
        let value = if *node == 0.0 { f(centre) } else { f(centre - half * node) + f(centre + half * node) };
        kronrod += KRONROD[i] * value;
        if i % 2 == 1 {
            gauss += GAUSS[i / 2] * value;
        }
    }
    (kronrod * half, ((kronrod - gauss) * half).abs())
}

/// The integral from `low` to `high`, first in `panels` equal parts, each halved until its error is under `tolerance`.
pub fn integral(low: f64, high: f64, panels: usize, tolerance: f64, f: impl Fn(f64) -> f64) -> f64 {
    fn halve(low: f64, high: f64, tolerance: f64, depth: usize, f: &impl Fn(f64) -> f64) -> f64 {
        let (value, error) = panel(low, high, f);
        // Below what rounding leaves of the value, halving gains nothing.
        let unsure = error > tolerance && error > 1e-14 * value.abs();
        if !unsure || depth == 0 {
            return value;
        }
        let middle = f64::midpoint(low, high);
        halve(low, middle, tolerance, depth - 1, f) + halve(middle, high, tolerance, depth - 1, f)
    }
    let width = (high - low) / panels as f64;
    let at = |i: usize| low + width * i as f64;
    (0..panels).map(|i| halve(at(i), at(i + 1), tolerance, 14, &f)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_integrals() {
        assert!((integral(0.0, 1.0, 1, 1e-14, f64::exp) - (1f64.exp() - 1.0)).abs() < 1e-15);
        assert!((integral(0.0, 1.0, 1, 1e-13, f64::sqrt) - 2.0 / 3.0).abs() < 1e-11);
        let narrow = |x: f64| (-1e6 * (x - 0.3).powi(2)).exp();
        let exact = (std::f64::consts::PI / 1e6).sqrt();
        assert!((integral(0.0, 1.0, 8, 1e-15, narrow) / exact - 1.0).abs() < 1e-9);
    }
}

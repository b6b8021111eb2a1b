//! Least squares of a reading on what a model of its sensor says, and the search for that model's parameters.

/// Sum of squares that is left when `values` are fitted by a linear combination of the columns of `rows`, and its coefficients;
/// `None` where the columns do not tell them apart.
pub fn least_squares<const N: usize>(rows: impl Iterator<Item = ([f64; N], f64)>) -> Option<(f64, [f64; N])> {
    let (rows, values): (Vec<[f64; N]>, Vec<f64>) = rows.unzip();
    let mut right = [0.0; N];
    for (row, value) in rows.iter().zip(&values) {
        right.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * value);
    }
    let solution = solve(normal(&rows), right)?;
    let squares = rows.iter().zip(&values).map(|(row, value)| (value - dot(row, &solution)).powi(2)).sum();
    Some((squares, solution))
}

fn normal<const N: usize>(rows: &[[f64; N]]) -> [[f64; N]; N] {
    let mut matrix = [[0.0; N]; N];
    for row in rows {
        (0..N).for_each(|i| (0..N).for_each(|j| matrix[i][j] += row[i] * row[j]));
    }
    matrix
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Gauss with pivots.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> Option<[f64; N]> {
    let scale: [f64; N] = std::array::from_fn(|i| matrix[i][i].abs());
    for column in 0..N {
        let pivot = (column..N).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() <= 1e-10 * scale[column] || matrix[column][column] == 0.0 {
            return None;
        }
        for row in column + 1..N {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column];
            matrix[row].iter_mut().zip(above).skip(column).for_each(|(x, y)| *x -= factor * y);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|j| matrix[row][j] * right[j]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

/// A parameter that is searched for: bounds, first step, and where it is known to be.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub step: f64,
}

/// Smallest `cost` near `start` by steps along the axes, which are halved where none helps (Hooke and Jeeves 1961,
/// doi:10.1145/321062.321069, without its pattern move). An axis with step 0 stays as it is.
pub fn descend<const N: usize>(start: [f64; N], axes: &[Axis; N], cost: &impl Fn(&[f64; N]) -> f64) -> ([f64; N], f64) {
    let (mut best, mut least) = (start, cost(&start));
    let mut steps: [f64; N] = std::array::from_fn(|i| axes[i].step);
    for _ in 0..HALVINGS {
        let mut moved = true;
        let mut moves = 0;
        while moved && moves < MOVES {
            moved = false;
            moves += 1;
            for i in 0..N {
                for step in [steps[i], -steps[i]] {
                    let mut there = best;
                    there[i] = (there[i] + step).clamp(axes[i].low, axes[i].high);
                    if there[i] != best[i] {
                        let found = cost(&there);
                        if found < least {
                            (best, least, moved) = (there, found, true);
                            break;
                        }
                    }
                }
            }
        }
        steps.iter_mut().for_each(|s| *s /= 2.0);
    }
    (best, least)
}

const HALVINGS: usize = 12;
const MOVES: usize = 60;

/// Half widths of the 95 % intervals of the parameters that least squares found, from the derivatives of what the model says at each
/// reading and the residual there. A reading at an edge of the load is off by more than others, so each has its own variance:
/// White's estimator in its third form (White 1980, doi:10.2307/1912934; MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7).
pub fn half_widths<const N: usize>(derivatives: &[[f64; N]], residuals: &[f64]) -> Option<[f64; N]> {
    let matrix = normal(derivatives);
    let unit = |i: usize| std::array::from_fn(|j| f64::from(u8::from(i == j)));
    let inverse: Vec<[f64; N]> = (0..N).map(|i| solve(matrix, unit(i))).collect::<Option<_>>()?;
    let mut variances = [0.0; N];
    for (row, residual) in derivatives.iter().zip(residuals) {
        let reach: [f64; N] = std::array::from_fn(|i| dot(&inverse[i], row));
        let own = (1.0 - dot(&reach, row)).max(1e-6);
        variances.iter_mut().zip(reach).for_each(|(v, r)| *v += (r * residual / own).powi(2));
    }
    Some(variances.map(|v| 1.96 * v.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::random::SplitMix;

    #[test]
    fn a_line_is_found_and_one_point_is_none() {
        let rows = (0..9).map(|i| ([1.0, f64::from(i)], 3.0 + 2.0 * f64::from(i)));
        let (squares, [a, b]) = least_squares(rows).unwrap();
        assert!(squares < 1e-18 && (a - 3.0).abs() < 1e-9 && (b - 2.0).abs() < 1e-9);
        assert!(least_squares((0..9).map(|_| ([1.0, 5.0], 1.0))).is_none());
        let rows = (0..9).map(f64::from).map(|t| ([1.0, t, t * t], 1.0 - t + 0.5 * t * t));
        let (_, [a, b, c]) = least_squares(rows).unwrap();
        assert!((a - 1.0).abs() < 1e-8 && (b + 1.0).abs() < 1e-8 && (c - 0.5).abs() < 1e-8);
    }

    #[test]
    fn the_bottom_of_a_valley_is_found_within_its_bounds() {
        let axis = Axis { low: -9.0, high: 9.0, step: 1.0 };
        let cost = |x: &[f64; 2]| (x[0] - 1.234).powi(2) + 3.0 * (x[1] - 12.0).powi(2);
        let ([x, y], _) = descend([0.0, 0.0], &[axis, axis], &cost);
        assert!((x - 1.234).abs() < 1e-3 && y == 9.0, "{x} {y}");
    }

    #[test]
    fn intervals_hold_the_truth_where_some_readings_are_off_by_more() {
        let mut random = SplitMix::new(3);
        let mut covered = 0;
        for _ in 0..400 {
            // The slope is seen by a tenth of the readings, and those are off by five times as much.
            let rows: Vec<([f64; 2], f64)> = (0..200)
                .map(|i| if i % 10 == 0 { ([1.0, 1.0], 5.0) } else { ([1.0, 0.0], 1.0) })
                .map(|(row, spread)| (row, 2.0 + 3.0 * row[1] + spread * (random.unit() - 0.5)))
                .collect();
            let (_, [a, b]) = least_squares(rows.iter().copied()).unwrap();
            let residuals: Vec<f64> = rows.iter().map(|(row, value)| value - a - b * row[1]).collect();
            let derivatives: Vec<[f64; 2]> = rows.iter().map(|r| r.0).collect();
            let [_, half] = half_widths(&derivatives, &residuals).unwrap();
            covered += u32::from((b - 3.0).abs() <= half);
        }
        assert!((368..=396).contains(&covered), "{covered} of 400");
    }
}

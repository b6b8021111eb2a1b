//! Numbers as people read them.

/// Dollars without their sign: three significant digits.
pub fn money(value: f64) -> String {
    three_digits(value)
}

pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return significant(value);
    }
    let magnitude = value.abs().log10().floor() as i32;
    let unit = 10f64.powi(magnitude - 2);
    significant((value / unit).round() * unit)
}

/// Four significant digits, thousands grouped with spaces, very large and very small ones with a power of ten.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..9).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (3 - magnitude).max(0) as usize;
    let rounded = format!("{value:.decimals$}");
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("-", d));
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_of_money() {
        assert_eq!([0.044_12, 0.0, 1.0, 27.083, 1234.5, 0.9999].map(money), ["0.0441", "0", "1", "27.1", "1230", "1"]);
    }

    #[test]
    fn four_digits() {
        let shown: Vec<String> =
            [0.0, 0.012_345, 1.0, 12.345, 1234.56, 123_456.7, 1e12, 2.5e-7, -3.14259].map(significant).into();
        assert_eq!(shown, ["0", "0.01235", "1", "12.35", "1235", "123\u{202f}457", "1.00e12", "2.50e-7", "-3.143"]);
    }
}

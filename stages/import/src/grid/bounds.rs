//! Figures that no grid has: refused where they contradict what is possible, remarked on where they are only improbable.

use super::Grid;
use crate::read::{
    fault::{Fault, Notes, Result},
    zone::is_plausible,
};

/// A plant of oil shale without heat emits about 1300 g/kWh; leakage and old plants leave room.
const MOST_G_PER_KWH: f64 = 2500.0;
/// The dirtiest country, which burns little else than old lignite, has 1306 g/kWh over the life cycle (`data/inputs/grid`).
const DIRTIEST_G_PER_KWH: f64 = 1400.0;
/// Over the life cycle the cleanest source, nuclear, emits 5.1 g/kWh, and hydropower 6 (UNECE, Life Cycle Assessment of Electricity
/// Generation Options, 2021): a grid is not below half of it.
const LEAST_LIFECYCLE_G_PER_KWH: f64 = 2.5;
/// Data centres have a PUE of 1.56 in the mean (Uptime Institute, Global Data Center Survey 2024); 3 is called very inefficient.
const MOST_PUE: f64 = 5.0;
/// USD/kWh over a month or longer: households pay at most about 1 (islands that burn oil), and the cheapest subsidised tariffs are near
/// 0.002.
const USD_PER_KWH: [f64; 2] = [0.002, 1.0];
/// Of one hour: the highest price that a market allows is near 13 (Australia, 20,300 AUD/MWh in 2025).
const MOST_USD_PER_KWH: f64 = 20.0;
const YEARS: std::ops::RangeInclusive<i64> = 1950..=2100;

const HOUR_NS: i64 = 3_600_000_000_000;
const DAY_NS: i64 = 24 * HOUR_NS;
/// Shortest month.
const MONTH_NS: i64 = 28 * DAY_NS;
/// From here on an interval is taken for a year.
const YEAR_NS: i64 = 300 * DAY_NS;

/// Whether the row is kept.
pub fn check(line: u64, grid: &Grid, notes: &mut Notes) -> Result<bool> {
    let wrong = |what: &str, value: &dyn std::fmt::Display, remedy: &str| {
        Err(Fault::new(what, format!("{}, {value}", grid.region), remedy).at(line))
    };
    if let Some(g) = grid.gco2e_per_kwh {
        if !(0.0..=MOST_G_PER_KWH).contains(&g) {
            let what = format!("a carbon intensity that no grid has, beyond 0 to {MOST_G_PER_KWH} g/kWh");
            return wrong(&what, &g, "give g/kWh: a figure in kg, lb or a MWh is converted first");
        }
        match (grid.basis.as_str(), g) {
            ("lifecycle", 0.0) => {
                notes.add("0 g/kWh, which no life cycle has, left out", line, &grid.region);
                return Ok(false);
            }
            ("lifecycle", g) if g < LEAST_LIFECYCLE_G_PER_KWH => {
                let what = format!("an intensity that no life cycle has, below {LEAST_LIFECYCLE_G_PER_KWH} g/kWh");
                return wrong(&what, &g, "give g/kWh over the life cycle: it may be in kg, or direct");
            }
            (_, g) if g > DIRTIEST_G_PER_KWH => {
                let what = format!("implausible, above {DIRTIEST_G_PER_KWH} g/kWh, more than any country has");
                notes.add(&what, line, &format!("{}, {g}", grid.region));
            }
            (_, g) if g > 0.0 && g < 1.0 => {
                let what = "below 1 g/kWh, which few grids reach: perhaps in kg, convert the file if so";
                notes.add(what, line, &format!("{}, {g}", grid.region));
            }
            _ => {}
        }
    }
    match grid.pue {
        Some(pue) if pue < 1.0 => return wrong("a PUE below 1, which no data centre has", &pue, "correct the row"),
        Some(pue) if pue > MOST_PUE => {
            return wrong(&format!("a PUE above {MOST_PUE}, which no data centre has"), &pue, "correct the row");
        }
        _ => {}
    }
    for (column, year) in [("year", grid.year), ("tariff_year", grid.tariff_year)] {
        if let Some(year) = year.filter(|year| !YEARS.contains(year)) {
            return wrong(&format!("`{column}` is not a year of electricity"), &year, "correct the row");
        }
    }
    if grid.tariff_year.is_some() && grid.usd_per_kwh.is_none() {
        return wrong("the year of a tariff that is not there", &"`usd_per_kwh` is empty", "correct the row");
    }
    check_interval(line, grid, notes)?;
    check_tariff(line, grid, notes)?;
    Ok(true)
}

fn check_interval(line: u64, grid: &Grid, notes: &mut Notes) -> Result<()> {
    let (start, end) = (grid.start_ns, grid.end_ns);
    let value = || format!("{}, {start} to {end} ns since 1970", grid.region);
    if !is_plausible(start) || !is_plausible(end) {
        let remedy = "write times as 2026-05-14T09:00:00Z";
        return Err(Fault::new("an interval outside of 1990 to 2199", value(), remedy).at(line));
    }
    if end <= start {
        return Err(Fault::new("an interval that ends before it begins", value(), "correct the row").at(line));
    }
    let length = end - start;
    let step = if length >= YEAR_NS { DAY_NS } else { HOUR_NS / 12 };
    if length % step != 0 || start % (HOUR_NS / 12) != 0 {
        notes.add("implausible, an interval that is not of whole hours or days", line, &value());
    }
    let middle = chrono::DateTime::from_timestamp_nanos(start + length / 2).format("%Y").to_string();
    if let Some(year) = grid.year.filter(|year| year.to_string() != middle) {
        notes.add("figures of another year than the interval", line, &format!("{}, {year} in {middle}", grid.region));
    }
    Ok(())
}

fn check_tariff(line: u64, grid: &Grid, notes: &mut Notes) -> Result<()> {
    let Some(usd) = grid.usd_per_kwh else { return Ok(()) };
    let (is_long, [least, most]) = (grid.end_ns - grid.start_ns >= MONTH_NS, USD_PER_KWH);
    let value = format!("{}, {usd}", grid.region);
    let limit = if is_long { 2.0 * most } else { MOST_USD_PER_KWH };
    if usd > limit {
        let what = format!("a tariff that nobody pays, above {limit} USD/kWh");
        return Err(Fault::new(what, value, "give USD/kWh: cents or a MWh are converted first").at(line));
    }
    if usd > most {
        notes.add(&format!("implausible, above {most} USD/kWh, perhaps in another unit"), line, &value);
    } else if is_long && usd < least {
        notes.add(&format!("implausible, below {least} USD/kWh, perhaps in another unit"), line, &value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let at = |text| schemas::text::instant(text).unwrap();
        Grid {
            region: "x".into(),
            start_ns: at("2025-01-01T00:00:00Z"),
            end_ns: at("2026-01-01T00:00:00Z"),
            usd_per_kwh: Some(0.2),
            gco2e_per_kwh: Some(350.0),
            basis: "lifecycle".into(),
            year: Some(2025),
            ..Grid::default()
        }
    }

    fn checked(change: impl Fn(&mut Grid)) -> Result<(bool, Vec<String>), String> {
        let (mut grid, mut notes) = (grid(), Notes::default());
        change(&mut grid);
        let kept = check(7, &grid, &mut notes).map_err(|fault| fault.of("FILE".as_ref()).to_string())?;
        Ok((kept, notes.texts()))
    }

    #[test]
    fn figures_that_no_grid_has_are_refused() {
        assert_eq!(checked(|_| {}), Ok((true, vec![])));
        let refused = |change: fn(&mut Grid)| checked(change).unwrap_err();
        for (found, what) in [
            (
                refused(|g| g.gco2e_per_kwh = Some(350_000.0)),
                "a carbon intensity that no grid has, beyond 0 to 2500 g/kWh, x, 350000, \
                 give g/kWh: a figure in kg, lb or a MWh is converted first",
            ),
            (
                refused(|g| g.gco2e_per_kwh = Some(0.35)),
                "an intensity that no life cycle has, below 2.5 g/kWh, x, 0.35, \
                 give g/kWh over the life cycle: it may be in kg, or direct",
            ),
            (refused(|g| g.pue = Some(0.9)), "a PUE below 1, which no data centre has, x, 0.9, correct the row"),
            (refused(|g| g.pue = Some(11.5)), "a PUE above 5, which no data centre has, x, 11.5, correct the row"),
            (refused(|g| g.year = Some(65535)), "`year` is not a year of electricity, x, 65535, correct the row"),
            (
                refused(|g| (g.tariff_year, g.usd_per_kwh) = (Some(2024), None)),
                "the year of a tariff that is not there, x, `usd_per_kwh` is empty, correct the row",
            ),
            (
                refused(|g| g.end_ns = g.start_ns),
                "an interval that ends before it begins, x, 1735689600000000000 to 1735689600000000000 ns since 1970, \
                 correct the row",
            ),
            (
                refused(|g| g.start_ns /= 1_000_000_000),
                "an interval outside of 1990 to 2199, x, 1735689600 to 1767225600000000000 ns since 1970, \
                 write times as 2026-05-14T09:00:00Z",
            ),
            (
                refused(|g| g.usd_per_kwh = Some(8.92)),
                "a tariff that nobody pays, above 2 USD/kWh, x, 8.92, give USD/kWh: cents or a MWh are converted first",
            ),
        ] {
            assert_eq!(found, format!("FILE: line 7: {what}"));
        }
    }

    #[test]
    fn improbable_figures_are_remarked_on() {
        let note = |change: fn(&mut Grid)| checked(change).unwrap();
        let direct = note(|g| (g.basis, g.gco2e_per_kwh) = ("direct".into(), Some(0.35)));
        let what =
            "below 1 g/kWh, which few grids reach: perhaps in kg, convert the file if so: 1, first line 7 (x, 0.35)";
        assert_eq!(direct, (true, vec![what.to_string()]));
        let zero = "0 g/kWh, which no life cycle has, left out: 1, first line 7 (x)";
        assert_eq!(note(|g| g.gco2e_per_kwh = Some(0.0)), (false, vec![zero.to_string()]));
        for (found, what) in [
            (note(|g| g.usd_per_kwh = Some(0.0002)), "implausible, below 0.002 USD/kWh, perhaps in another unit"),
            (note(|g| g.usd_per_kwh = Some(1.5)), "implausible, above 1 USD/kWh, perhaps in another unit"),
            (note(|g| g.start_ns -= HOUR_NS), "implausible, an interval that is not of whole hours or days"),
            (note(|g| g.gco2e_per_kwh = Some(1747.3)), "implausible, above 1400 g/kWh, more than any country has"),
            (note(|g| g.year = Some(2020)), "figures of another year than the interval"),
        ] {
            assert!(found.0 && found.1.len() == 1 && found.1[0].starts_with(what), "{found:?}");
        }
    }
}

//! How long the interval of a row is, where a table gives its start alone.

use schemas::text::instant;

pub const NAMES: [&str; 4] = ["hour", "day", "month", "year"];

const SECOND_NS: i64 = 1_000_000_000;
const HOUR_NS: i64 = 3600 * SECOND_NS;
const DAY_NS: i64 = 24 * HOUR_NS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Fixed(i64),
    Month,
    Year,
}

impl Step {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hour" => Some(Step::Fixed(HOUR_NS)),
            "day" => Some(Step::Fixed(DAY_NS)),
            "month" => Some(Step::Month),
            "year" => Some(Step::Year),
            _ => None,
        }
    }

    /// From the shortest distance between two starts. Odd distances say nothing: they may span a gap.
    pub fn of_distance(ns: i64) -> Option<Self> {
        match ns {
            1..=HOUR_NS if HOUR_NS % ns == 0 => Some(Step::Fixed(ns)),
            DAY_NS => Some(Step::Fixed(DAY_NS)),
            _ if (28..=31).any(|days| ns == days * DAY_NS) => Some(Step::Month),
            _ if (365..=366).any(|days| ns == days * DAY_NS) => Some(Step::Year),
            _ => None,
        }
    }

    /// End of the interval that starts at `start_ns`, which is written `text`; `None` where no such interval starts.
    pub fn end(self, text: &str, start_ns: i64) -> Option<i64> {
        let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        match self {
            Step::Fixed(ns) => (start_ns % ns == 0).then(|| start_ns.checked_add(ns))?,
            Step::Month => {
                let (year, month) = (part(0, 4)?, part(5, 7)?);
                let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                (first(year, month)? == start_ns).then(|| first(next.0, next.1))?
            }
            Step::Year => {
                let year = part(0, 4)?;
                (first(year, 1)? == start_ns).then(|| first(year + 1, 1))?
            }
        }
    }
}

fn first(year: i64, month: i64) -> Option<i64> {
    instant(&format!("{year:04}-{month:02}-01T00:00:00Z"))
}

/// A calendar year in UTC; `None` beyond what nanoseconds reach.
pub fn year(year: i64) -> Option<(i64, i64)> {
    (1700..2262).contains(&year).then(|| Some((first(year, 1)?, first(year + 1, 1)?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let end = |step: Step, start: &str| step.end(start, instant(start).unwrap());
        assert_eq!(end(Step::Fixed(HOUR_NS), "2026-05-14 09:00:00"), instant("2026-05-14T10:00:00Z"));
        assert_eq!(end(Step::Fixed(HOUR_NS), "2026-05-14 09:30:00"), None);
        assert_eq!(end(Step::Month, "2024-12-01 00:00:00"), instant("2025-01-01T00:00:00Z"));
        assert_eq!(end(Step::Month, "2024-12-02 00:00:00"), None);
        assert_eq!(end(Step::Year, "2024-01-01 00:00:00"), instant("2025-01-01T00:00:00Z"));
        assert_eq!(year(2024).unwrap().1 - year(2024).unwrap().0, 366 * DAY_NS);
        assert_eq!(year(9999), None);
    }

    #[test]
    fn distances() {
        assert_eq!(Step::of_distance(HOUR_NS / 4), Some(Step::Fixed(HOUR_NS / 4)));
        assert_eq!(Step::of_distance(2 * HOUR_NS), None);
        assert_eq!(Step::of_distance(29 * DAY_NS), Some(Step::Month));
        assert_eq!(Step::of_distance(366 * DAY_NS), Some(Step::Year));
        assert_eq!(Step::of_distance(0), None);
    }
}

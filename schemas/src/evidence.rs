//! How a number is known, in one order for all stages.

/// From the firmest to the weakest: a result is known as weakly as the weakest of what it was computed from.
///
/// The order is that of what can be wrong. A clock can hardly be; a counter was added up by the hardware and a power by us; a sum or
/// product of firm numbers (`Derived`: with a list price, a purchase, a tariff) is as good as these and holds an assumption more. What
/// somebody else measured cannot be checked (`Imported`), a model was measured by nobody (`Estimated`), and a number of other hardware
/// or another grid is not of what ran (`Extrapolated`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// A clock.
    Measured,
    /// An energy counter of a sensor.
    MeasuredCounter,
    /// Power of a sensor, integrated.
    MeasuredIntegral,
    /// Computed from the former and what is configured or listed.
    Derived,
    /// Somebody else's measurement.
    Imported,
    /// A model.
    Estimated,
    /// A price, a grid or a rate of something else than what ran, or a length that no run had.
    Extrapolated,
    /// Not known, or not said.
    Unknown,
}

impl Evidence {
    pub const ALL: [Evidence; 8] = [
        Evidence::Measured,
        Evidence::MeasuredCounter,
        Evidence::MeasuredIntegral,
        Evidence::Derived,
        Evidence::Imported,
        Evidence::Estimated,
        Evidence::Extrapolated,
        Evidence::Unknown,
    ];

    /// As tables write them, in the order of `ALL`.
    pub const NAMES: &'static [&'static str] = &[
        "measured",
        "measured_counter",
        "measured_integral",
        "derived",
        "imported",
        "estimated",
        "extrapolated",
        "unknown",
    ];

    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// `None` for a word that no table writes.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|place| Self::ALL[place])
    }

    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_strength() {
        for (place, evidence) in Evidence::ALL.into_iter().enumerate() {
            assert_eq!((evidence as usize, Evidence::named(evidence.name())), (place, Some(evidence)));
        }
        assert_eq!(Evidence::NAMES.len(), Evidence::ALL.len());
        assert_eq!(Evidence::named("measured "), None);
        assert_eq!(Evidence::Imported.weaker(Evidence::Estimated), Evidence::Estimated);
        assert_eq!(Evidence::Extrapolated.weaker(Evidence::Measured), Evidence::Extrapolated);
    }
}

//! How a number is known, and what that allows to conclude from it.

use schemas::Evidence;

/// The weakest evidence behind a number, and whether the energy in it is a model's: that is not seen where something weaker still went
/// into the number, a price of other hardware or an example's tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub evidence: Evidence,
    pub is_model: bool,
}

impl Known {
    pub const FIRM: Known = Known { evidence: Evidence::Measured, is_model: false };
    pub const EXTRAPOLATED: Known = Known { evidence: Evidence::Extrapolated, is_model: false };

    /// As a table says it of a number, and of the energy in it; what is not said stands last.
    pub fn of(number: Option<&str>, energy: Option<&str>) -> Self {
        let named = |name: Option<&str>| name.and_then(Evidence::named);
        let evidence = named(number).unwrap_or(Evidence::Unknown);
        Known { evidence, is_model: [Some(evidence), named(energy)].contains(&Some(Evidence::Estimated)) }
    }

    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        Known { evidence: self.evidence.weaker(other.evidence), is_model: self.is_model || other.is_model }
    }

    pub fn name(self) -> &'static str {
        self.evidence.name()
    }

    pub fn is_extrapolated(self) -> bool {
        self.evidence == Evidence::Extrapolated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_energy_is_seen_under_a_weaker_price() {
        let usd = Known::of(Some("extrapolated"), Some("estimated"));
        assert_eq!((usd.name(), usd.is_model, usd.is_extrapolated()), ("extrapolated", true, true));
        assert!(Known::of(Some("estimated"), None).is_model && Known::of(Some("derived"), Some("estimated")).is_model);
        assert!(!Known::of(Some("extrapolated"), Some("measured_counter")).is_model);
        assert_eq!(Known::of(None, None), Known { evidence: Evidence::Unknown, is_model: false });
        assert!(Known::FIRM.weaker(usd).is_model && usd.weaker(Known::FIRM) == usd);
    }
}

//! Where the order of two backends turns: a rate, a tariff, a utilisation or a carbon intensity at which both are the same.

use crate::contenders::Contender;
use stats::mean::mean;

/// One backend needs more hours and less energy than the other, or makes up in hardware for what it burns; else nothing flips.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flips {
    pub usd_per_hour: Option<f64>,
    pub usd_per_kwh: Option<f64>,
    pub utilisation: Option<f64>,
    pub gco2e_per_kwh: Option<f64>,
}

fn apart(x: &[f64], y: &[f64]) -> Option<f64> {
    Some(mean(x)? - mean(y)?)
}

fn ratio(x: Option<f64>, y: Option<f64>) -> Option<f64> {
    x.zip(y).map(|(x, y)| x / y).filter(|r| *r > 0.0 && r.is_finite())
}

impl Flips {
    /// Of `rate x hours + tariff x kWh`. The rate that is paid is over utilisation: the less a machine works, the dearer is its hour
    /// of use.
    pub fn of_usd(a: &Contender, b: &Contender, utilisation: f64) -> Self {
        let kwh_over_hours = ratio(apart(&b.kwh, &a.kwh), apart(&a.hours, &b.hours));
        let used_rate = a.usd_per_used_kwh.zip(kwh_over_hours).map(|(tariff, r)| tariff * r).filter(|r| *r > 0.0);
        let paid = a.usd_per_used_hour.map(|rate| rate * utilisation).filter(|rate| *rate > 0.0);
        Flips {
            usd_per_hour: used_rate.map(|rate| rate * utilisation),
            usd_per_kwh: a.usd_per_used_hour.zip(kwh_over_hours).map(|(rate, r)| rate / r).filter(|t| *t > 0.0),
            utilisation: paid.zip(used_rate).map(|(paid, used)| paid / used).filter(|u| *u <= 1.0),
            gco2e_per_kwh: None,
        }
    }

    /// Of `intensity x kWh + embodied`.
    pub fn of_carbon(a: &Contender, b: &Contender) -> Self {
        let intensity = ratio(apart(&b.embodied_gco2e, &a.embodied_gco2e), apart(&a.kwh, &b.kwh));
        Flips { gco2e_per_kwh: intensity, ..Flips::default() }
    }
}

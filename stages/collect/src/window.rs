//! How long a run is timed at least: as configured, and until the slowest sensor needed has said enough.

use crate::{config::Config, power::sampler::Sampler};

/// A window of `min_updates` updates and of at least `min_window_ms`. Updates may ask for half the time that a run may take,
/// as warming up takes some of it too.
pub fn shortest_ns(config: &Config, update_period_ns: i64) -> i64 {
    let updates_ns = i64::from(config.min_updates).saturating_mul(update_period_ns);
    let bound_ns = (config.run_timeout_s as i64).saturating_mul(500_000_000);
    updates_ns.min(bound_ns).max(config.min_window_ms as i64 * 1_000_000)
}

/// What a reader of the progress should know of the window, a line each; mostly nothing.
pub fn said(config: &Config, window_ns: i64, sampler: &Sampler) -> String {
    let mut said = String::new();
    let (seconds, period_ms) = (window_ns as f64 / 1e9, sampler.update_period_ns() as f64 / 1e6);
    if window_ns > config.min_window_ms as i64 * 1_000_000 {
        said += &format!(
            "collect: windows last {seconds:.2} s: the slowest sensor needed updates every {period_ms:.0} ms\n"
        );
    }
    if f64::from(config.min_updates) * period_ms > window_ns as f64 / 1e6 {
        let updates = config.min_updates;
        said +=
            &format!("collect: that is half of run_timeout_s and less than {updates} updates, raise run_timeout_s\n");
    }
    for device in sampler.without_period() {
        said += &format!(
            "collect: {device} did not change twice in the idle baseline of {} s: runs may be too short for it, raise idle_s\n",
            config.idle_s
        );
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_lengthen_a_window_up_to_half_of_the_time_out() {
        let text = include_str!("../../../pipeline.toml");
        let mut config: Config =
            schemas::config::parse(text, std::path::Path::new("pipeline.toml"), "collect").unwrap();
        (config.min_updates, config.min_window_ms, config.run_timeout_s) = (5, 500, 12);
        let ms = |period_ms: i64| shortest_ns(&config, period_ms * 1_000_000) / 1_000_000;
        assert_eq!([0, 50, 100, 101, 300].map(ms), [500, 500, 500, 505, 1500]);
        assert_eq!([1200, 1201, 60_000].map(ms), [6000, 6000, 6000]);
        config.min_window_ms = 9000;
        assert_eq!(shortest_ns(&config, 60_000_000_000), 9_000_000_000, "what was asked for is not cut");
    }
}

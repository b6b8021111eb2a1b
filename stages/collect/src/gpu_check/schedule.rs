//! The square wave: how long the load is on and off, one time after another.

use protocol::random::SplitMix;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub on_s: f64,
    pub off_s: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub steps: Vec<Step>,
}

/// Idle before and after the steady load and after the wave, so that a mean over a second has forgotten it.
pub const SETTLE: Duration = Duration::from_secs(3);
/// Shortest and longest half of the wave: from below the shortest window that is known to beyond the longest.
const SHORTEST_S: f64 = 0.03;
const LONGEST_S: f64 = 1.5;

impl Schedule {
    /// Halves of random length, each order of magnitude as often as another, for about `seconds` altogether. Every tenth step is as
    /// long as can be, so that both levels are seen.
    pub fn random(seconds: f64, seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let mut half = || SHORTEST_S * (LONGEST_S / SHORTEST_S).powf(random.unit());
        let (mut steps, mut passed) = (Vec::new(), 0.0);
        while passed < seconds {
            let long = steps.len() % 10 == 0;
            let step =
                if long { Step { on_s: LONGEST_S, off_s: LONGEST_S } } else { Step { on_s: half(), off_s: half() } };
            passed += step.on_s + step.off_s;
            steps.push(step);
        }
        Schedule { steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_as_long_as_asked_and_the_same_for_a_seed() {
        let schedule = Schedule::random(60.0, 1);
        let seconds: f64 = schedule.steps.iter().map(|s| s.on_s + s.off_s).sum();
        assert!((60.0..63.1).contains(&seconds), "{seconds}");
        let halves = schedule.steps.iter().flat_map(|s| [s.on_s, s.off_s]);
        assert!(halves.clone().all(|s| (SHORTEST_S..=LONGEST_S).contains(&s)));
        assert!(halves.clone().filter(|s| *s < 0.1).count() >= 20 && halves.filter(|s| *s > 0.5).count() >= 20);
        assert_eq!(schedule, Schedule::random(60.0, 1));
        assert_ne!(schedule, Schedule::random(60.0, 2));
    }
}

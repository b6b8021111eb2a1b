//! The figures of one served benchmark, compared with each other: what was asked for, what was counted, rates, lengths and times.
//!
//! A contradiction that makes the counted output doubtful is refused. Any other one makes the run `degraded`, with both figures.

use crate::read::fault::{Fault, Result};

/// Figures that agree differ by no more.
const TOLERANCE: f64 = 0.01;
/// Rates are printed with two decimals or more.
const ROUNDING: f64 = 0.006;
/// A mean of products is not the product of means: times that agree differ by no more than this factor.
const MEANS: f64 = 1.5;
/// A client that sends the next request at once has more than this part of its requests in flight.
const IDLE: f64 = 8.0;
/// Requests a second that no benchmark sends.
const MOST_REQUESTS_PER_S: f64 = 1e5;
/// Chunks of an answer hold a token each, unless tokens are guessed ahead.
const CHUNK: f64 = 1.1;

#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub duration_s: Option<f64>,
    /// Requests that were to be sent.
    pub planned: Option<f64>,
    pub completed: Option<f64>,
    pub failed: Option<f64>,
    pub input_tokens: Option<f64>,
    pub output_tokens: Option<f64>,
    /// Output tokens asked for, a request.
    pub asked: Option<f64>,
    pub requests_per_s: Option<f64>,
    pub input_per_s: Option<f64>,
    pub output_per_s: Option<f64>,
    /// Input and output.
    pub total_per_s: Option<f64>,
    pub peak_output_per_s: Option<f64>,
    pub ttft_ms: Option<f64>,
    pub tpot_ms: Option<f64>,
    /// Mean time between chunks.
    pub itl_ms: Option<f64>,
    /// Of a request.
    pub latency_ms: Option<f64>,
    pub max_concurrency: Option<f64>,
    /// Mean number of requests in flight.
    pub concurrency: Option<f64>,
    /// Whether a request follows as soon as another is answered, so that as many are in flight all the time.
    pub is_closed: bool,
    /// Whether tokens were computed from a mean: then they are no whole number.
    pub is_approximate: bool,
}

fn differ(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() > tolerance * a.abs().max(b.abs())
}

/// Up to four decimals, and no more than a reader needs.
pub fn short(number: f64) -> String {
    let text = if number.abs() >= 1000.0 { format!("{number:.0}") } else { format!("{number:.3}") };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

impl Figures {
    /// Why the figures are doubted; none where they agree.
    pub fn check(&self, line: u64) -> Result<Vec<String>> {
        self.refuse_what_is_no_count(line)?;
        let mut doubts = Vec::new();
        let Some(duration) = self.duration_s.filter(|s| *s > 0.0) else { return Ok(doubts) };
        if let Some(planned) = self.planned.filter(|n| *n / duration > MOST_REQUESTS_PER_S) {
            let value = format!("{planned} in {} s", short(duration));
            let remedy = "give the result as the tool wrote it";
            return Err(Fault::new("more requests than a client can send in that time", value, remedy).at(line));
        }
        let by_rate = |rate: Option<f64>| {
            let rate = rate.filter(|r| *r > 0.0)?;
            Some((rate * duration, TOLERANCE.max(ROUNDING / rate)))
        };
        if let (Some(tokens), Some((by_rate, tolerance))) = (self.output_tokens, by_rate(self.output_per_s))
            && differ(tokens, by_rate, tolerance)
        {
            let value = format!("{} and {}", short(tokens), short(by_rate));
            let remedy = "correct the result or run the benchmark again";
            let what = "the count of output tokens contradicts their rate x the duration";
            return Err(Fault::new(what, value, remedy).at(line));
        }
        let total = self.input_tokens.zip(self.output_tokens).map(|(input, output)| input + output);
        for (what, count, rate) in [
            ("requests that completed", self.completed, self.requests_per_s),
            ("input tokens", self.input_tokens, self.input_per_s),
            ("input and output tokens", total, self.total_per_s),
        ] {
            if let (Some(count), Some((by_rate, tolerance))) = (count, by_rate(rate))
                && differ(count, by_rate, tolerance)
            {
                let (count, by_rate) = (short(count), short(by_rate));
                doubts.push(format!("{what} are {count}, their rate x the duration is {by_rate}"));
            }
        }
        self.requests(&mut doubts);
        self.times(duration, &mut doubts);
        Ok(doubts)
    }

    fn refuse_what_is_no_count(&self, line: u64) -> Result<()> {
        let tokens = if self.is_approximate { [None, None] } else { [self.input_tokens, self.output_tokens] };
        for (what, value) in [
            ("requests that completed", self.completed),
            ("requests that failed", self.failed),
            ("requests", self.planned),
            ("input tokens", tokens[0]),
            ("output tokens", tokens[1]),
        ] {
            // Sums of products are whole up to their rounding.
            let is_whole = |v: f64| (v - v.round()).abs() <= 1e-9 * v.abs();
            if let Some(value) = value.filter(|v| *v < 0.0 || !is_whole(*v)) {
                let remedy = "give the result as the tool wrote it";
                return Err(Fault::new(format!("a number of {what} that is no count"), value, remedy).at(line));
            }
        }
        Ok(())
    }

    fn requests(&self, doubts: &mut Vec<String>) {
        if let (Some(planned), Some(completed)) = (self.planned, self.completed) {
            match self.failed {
                Some(failed) if completed + failed != planned => doubts
                    .push(format!("{planned} requests were to be sent, {completed} completed and {failed} failed")),
                None if completed > planned => {
                    doubts.push(format!("{planned} requests were to be sent, {completed} completed"));
                }
                _ => {}
            }
        }
        if let (Some(asked), Some(completed), Some(tokens)) = (self.asked, self.completed, self.output_tokens)
            && tokens > asked * completed * (1.0 + TOLERANCE)
        {
            let most = short(asked * completed);
            doubts.push(format!("{} output tokens are more than the {most} that were asked for", short(tokens)));
        }
    }

    fn times(&self, duration: f64, doubts: &mut Vec<String>) {
        let positive = |value: Option<f64>| value.filter(|v| *v > 0.0);
        let (ttft, latency) = (positive(self.ttft_ms), positive(self.latency_ms));
        let mean = self.output_tokens.zip(positive(self.completed)).map(|(tokens, n)| tokens / n);
        for (what, ms) in [("time to the first token", ttft), ("latency", latency)] {
            if let Some(ms) = ms.filter(|ms| *ms > duration * 1e3 * (1.0 + TOLERANCE)) {
                doubts.push(format!(
                    "the mean {what}, {} ms, is longer than the run, {} s",
                    short(ms),
                    short(duration)
                ));
            }
        }
        if let (Some(first), Some(all)) = (ttft, latency)
            && first > all * (1.0 + TOLERANCE)
        {
            let (first, all) = (short(first), short(all));
            doubts.push(format!(
                "the mean time to the first token, {first} ms, is longer than the mean latency, {all} ms"
            ));
        }
        if let (Some(first), Some(each), Some(all), Some(n)) = (ttft, positive(self.tpot_ms), latency, mean)
            && n > 1.0
            && let by_token = first + each * (n - 1.0)
            && (by_token > all * MEANS || by_token < all / MEANS)
        {
            doubts.push(format!(
                "the mean latency is {} ms, the time to the first token and that of {} more are {} ms",
                short(all),
                short(n - 1.0),
                short(by_token)
            ));
        }
        if let (Some(each), Some(chunk)) = (positive(self.tpot_ms), positive(self.itl_ms)) {
            let is_asked = mean.zip(self.asked).is_some_and(|(mean, asked)| !differ(mean, asked, 1e-9));
            if is_asked && chunk > each * CHUNK {
                doubts.push(format!(
                    "the output tokens are exactly those asked for, and chunks came {} ms apart, tokens {} ms",
                    short(chunk),
                    short(each)
                ));
            } else if chunk > each * 16.0 || each > chunk * MEANS {
                doubts.push(format!("chunks came {} ms apart, tokens {} ms", short(chunk), short(each)));
            }
        }
        let by_token = ttft.zip(positive(self.tpot_ms)).zip(mean).filter(|(_, n)| *n > 1.0);
        let by_token = by_token.map(|((first, each), n)| first + each * (n - 1.0));
        if let (None, Some(ms)) = (latency, by_token.filter(|ms| *ms > duration * 1e3 * MEANS)) {
            let (ms, duration) = (short(ms), short(duration));
            doubts.push(format!("the mean request takes {ms} ms by its tokens, longer than the run, {duration} s"));
        }
        let of_all = |ms: f64| self.completed.map(|n| ms * n / 1e3 / duration);
        let in_flight = latency.and_then(of_all);
        let (likely, slack) = if latency.is_some() { (in_flight, 1.05) } else { (by_token.and_then(of_all), MEANS) };
        if let (Some(most), Some(mean), Some(n)) = (positive(self.max_concurrency), likely, self.completed)
            && self.is_closed
            && n >= 2.0 * most
            && mean < most / IDLE
        {
            doubts.push(format!("{} requests were in flight on average, of {most} all the time", short(mean)));
        }
        if let (Some(most), Some(mean)) = (positive(self.max_concurrency), likely)
            && mean > most * slack
        {
            doubts.push(format!("{} requests were in flight on average, of {most} at most", short(mean)));
        }
        if let (Some(stated), Some(mean)) = (positive(self.concurrency), in_flight)
            && differ(stated, mean, 0.1)
        {
            doubts.push(format!(
                "{} requests were in flight on average, by their latency {}",
                short(stated),
                short(mean)
            ));
        }
        let rate = self.output_tokens.map(|n| n / duration);
        if let (Some(peak), Some(rate)) = (positive(self.peak_output_per_s), rate)
            && peak < rate * (1.0 - TOLERANCE)
        {
            doubts.push(format!("the most output tokens a second are {}, the mean is {}", short(peak), short(rate)));
        }
    }
}

/// Least value, percentiles and greatest, under the names that tools give them, with the share of values that lie below.
const LABELS: [(&str, f64); 13] = [
    ("min", 0.0),
    ("p1", 0.01),
    ("p5", 0.05),
    ("p10", 0.1),
    ("p25", 0.25),
    ("p50", 0.5),
    ("median", 0.5),
    ("p75", 0.75),
    ("p80", 0.8),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("max", 1.0),
];

/// Why a metric's distribution is doubted: values below 0, percentiles that fall, or a mean that they leave no room for. Of values of at
/// least 0, a share of 1 - p lies at or above percentile p, and the others at or below it.
pub fn distribution(name: &str, mean: Option<f64>, of: &dyn Fn(&str) -> Option<f64>) -> Option<String> {
    let known: Vec<(&str, f64, f64)> =
        LABELS.iter().filter_map(|(label, below)| Some((*label, *below, of(label)?))).collect();
    let means = mean.map(|m| ("mean", 0.5, m));
    if let Some((label, _, value)) = known.iter().copied().chain(means).find(|(_, _, value)| *value < 0.0) {
        return Some(format!("{name}: {label} is {}, below 0", short(value)));
    }
    if let Some(pair) = known.windows(2).find(|pair| pair[0].2 > pair[1].2 * (1.0 + 1e-6)) {
        let [(low, _, a), (high, _, b)] = [pair[0], pair[1]];
        return Some(format!("{name}: {low} is {}, above {high}, {}", short(a), short(b)));
    }
    let mean = mean?;
    let (least, most) = (of("min").unwrap_or(0.0), of("max").unwrap_or(f64::INFINITY));
    let slack = 1e-6 * mean.abs() + ROUNDING;
    let strange = known.iter().find(|(_, below, value)| {
        let (lowest, highest) = (below * least + (1.0 - below) * value, below * value + (1.0 - below) * most);
        mean < lowest - slack || *below > 0.0 && mean > highest + slack
    });
    // A tail that holds as much as everything below it is of another unit.
    let tail = known.last().filter(|(_, below, value)| *below < 1.0 && mean > 2.0 * value + slack && *value > 0.0);
    let (label, _, value) = strange.or(tail.filter(|(_, below, _)| *below >= 0.9))?;
    Some(format!("{name}: the mean is {}, and {label} is {}", short(mean), short(*value)))
}

/// The one value that is far from all the others, which are alike, and their median.
pub fn outlier(values: &[(u64, f64)]) -> Option<(u64, f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let median = *sorted.get(sorted.len() / 2).filter(|_| sorted.len() >= 3)?;
    let is_alike = |value: f64| (value - median).abs() <= 0.2 * median.abs();
    let mut strange = values.iter().filter(|(_, value)| !is_alike(*value));
    let (line, value) = *strange.next()?;
    let is_far = value > 3.0 * median || value < median / 3.0;
    (strange.next().is_none() && is_far).then_some((line, value, median))
}

/// A reason and more of them.
pub fn join(reason: Option<String>, doubts: Vec<String>) -> Option<String> {
    let all: Vec<String> = reason.into_iter().chain(doubts).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

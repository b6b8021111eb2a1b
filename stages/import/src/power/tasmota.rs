//! Tasmota's SENSOR messages (`mosquitto_sub -t tele/PLUG/SENSOR`), one a line: power in W, of several channels as an array. `Time` is
//! local. `Total` counts kWh in steps of 1 Wh or coarser, too coarse for a run: it is compared and not taken.

use super::sink::{Sensor, Sink};
use crate::read::{
    fault::{Fault, Result},
    format::Format,
    source::Source,
};
use sensor::{Kind, Scope};
use serde_json::Value;

pub const FORMAT: Format<Sink> = Format {
    name: "tasmota",
    about: "Tasmota: SENSOR messages over MQTT, one JSON a line",
    recognises: |head| head.lines().take(20).any(|line| line.contains("\"ENERGY\"") && line.contains("\"Power\"")),
    read,
};

const LABEL: &str = "Tasmota: all that is plugged in";
const J_PER_KWH: f64 = 3.6e6;

/// By how much Total and Power may differ: a factor, since Power is that of a moment, and 20 steps of 1 Wh, in J.
const FAR: f64 = 3.0;
const STEPS_J: f64 = 72e3;

/// What power and total of a channel gave over the same steps.
#[derive(Default)]
struct Channel {
    before: Option<(i64, f64, f64)>,
    usual_ns: i64,
    counted_j: f64,
    joules: f64,
}

/// Steps so many times as long as those before are pauses of the log, in which the power is not known.
const PAUSE: i64 = 10;

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    let mut channels: Vec<Channel> = Vec::new();
    let mut there = 0;
    while let Some(line) = lines.next()? {
        let (number, text) = (line.number, line.text.trim());
        // `mosquitto_sub -v` and Tasmota's console print the topic before it.
        let Some(begin) = text.find('{') else { continue };
        let Ok(message) = serde_json::from_str::<Value>(&text[begin..]) else {
            sink.leave_out(number, "no whole JSON, left out");
            continue;
        };
        let (Some(energy), Some(time)) = (message.get("ENERGY"), message.get("Time").and_then(Value::as_str)) else {
            continue;
        };
        let Some(t) = sink.time(number, time)? else { continue };
        let powers = several(energy.get("Power"));
        let totals = several(energy.get("Total"));
        there = there.max(powers.len());
        for (at, power) in powers.iter().enumerate().take(64) {
            let name = at.to_string();
            if !sink.options.select.is_empty() && !sink.is_selected(&name) {
                continue;
            }
            let sensor = Sensor::new(format!("tasmota:{name}"), Kind::Instant, Scope::Node).label(LABEL);
            let Some(series) = sink.series(sensor) else { continue };
            match power.filter(|w| *w >= 0.0) {
                Some(watt) => {
                    sink.push(series, t, watt, None)?;
                    channels.resize_with(channels.len().max(at + 1), Channel::default);
                    channels[at].see(t, watt, totals.get(at).copied().flatten());
                }
                None => sink.failed(series, number, t, "no power")?,
            }
        }
    }
    if let Some(asked) =
        sink.options.select.iter().find(|s| s.parse::<usize>().map_or(true, |at| at >= there)).filter(|_| there > 0)
    {
        let remedy = format!("channels are 0 to {}", there - 1);
        return Err(Fault::new("no such channel", asked, remedy));
    }
    if there > 1 && sink.options.select.is_empty() {
        sink.notes.say(format!("{there} channels, all count: --select 0 takes the first alone"));
    }
    for (at, channel) in channels.iter().enumerate() {
        let counted = channel.counted_j;
        if channel.usual_ns == 0 {
            continue;
        }
        if counted.max(channel.joules) > FAR * counted.min(channel.joules) + STEPS_J {
            let value = format!("channel {at}: {counted:.0} J by Total and {:.0} J by Power", channel.joules);
            let remedy = "correct the unit of the one that is wrong, or leave Total out of the log";
            return Err(Fault::new("energy and power of one sensor contradict each other", value, remedy));
        }
        if (counted - channel.joules).abs() > 0.01 * channel.joules {
            let power = channel.joules;
            sink.notes.say(format!(
                "channel {at}: Total counted {counted:.0} J in steps of 1 Wh, power gives {power:.0} J, which is taken"
            ));
        }
    }
    Ok(())
}

impl Channel {
    fn see(&mut self, t: i64, watt: f64, kwh: Option<f64>) {
        let Some(kwh) = kwh else { return };
        let Some((then, power, total)) = self.before.replace((t, watt, kwh)) else { return };
        let step = t.saturating_sub(then);
        if self.usual_ns > 0 && step > self.usual_ns.saturating_mul(PAUSE) {
            return;
        }
        self.usual_ns = self.usual_ns.max(step);
        self.counted_j += (kwh - total) * J_PER_KWH;
        self.joules += (power + watt) / 2.0 * step as f64 / 1e9;
    }
}

/// A number, or one a channel.
fn several(value: Option<&Value>) -> Vec<Option<f64>> {
    match value {
        Some(Value::Array(items)) => items.iter().map(Value::as_f64).collect(),
        Some(one) => vec![one.as_f64()],
        None => Vec::new(),
    }
}

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

/// Power and total of a channel since the first message.
#[derive(Default)]
struct Channel {
    first_kwh: Option<f64>,
    last_kwh: f64,
    before: Option<(i64, f64)>,
    joules: f64,
}

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
        let Some(first) = channel.first_kwh else { continue };
        let counted = (channel.last_kwh - first) * J_PER_KWH;
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
        if let Some((before, power)) = self.before.replace((t, watt)) {
            self.joules += (power + watt) / 2.0 * (t - before) as f64 / 1e9;
        }
        if let Some(kwh) = kwh {
            self.first_kwh.get_or_insert(kwh);
            self.last_kwh = kwh;
        }
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

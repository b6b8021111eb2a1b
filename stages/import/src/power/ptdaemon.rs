//! `spl.txt` of SPEC's PTDaemon, as MLPerf Power keeps it: `Time,05-14-2026 10:00:05.000,Watts,500.0,Volts,..,Mark,.._testing`. Dates
//! have the month first. -1 stands where the analyser gave nothing. Ranging comes before testing in one file.

use super::sink::{Sensor, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    source::Source,
    zone::{DateOrder, stamp},
};
use sensor::{Kind, Scope};
use std::collections::BTreeSet;

pub const FORMAT: Format<Sink> = Format {
    name: "ptdaemon",
    about: "spl.txt of SPEC PTDaemon (MLPerf Power)",
    recognises: |head| head.lines().take(50).any(|line| line.starts_with("Time,") && line.contains(",Watts,")),
    read,
};

const LABEL: &str = "PTDaemon: a power analyser at the wall";

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    let sensor = Sensor::new("ptdaemon", Kind::Instant, Scope::Node).label(LABEL);
    let Some(series) = sink.series(sensor) else { return Ok(()) };
    let (mut marks, mut taken) = (BTreeSet::<String>::new(), BTreeSet::<String>::new());
    while let Some(line) = lines.next()? {
        let (number, ended) = (line.number, line.ended);
        let fields: Vec<&str> = line.text.trim().split(',').collect();
        let ["Time", time, "Watts", watts, pairs @ ..] = fields.as_slice() else {
            if !line.text.trim().is_empty() {
                sink.notes.line(number, "a message of the daemon and no reading");
            }
            continue;
        };
        let mark = pairs.chunks(2).find(|p| p[0] == "Mark").and_then(|p| p.get(1)).copied();
        let Some(mark) = mark.filter(|_| ended) else {
            sink.leave_out(number, "no mark, or cut, left out");
            continue;
        };
        let counts = match sink.options.select.is_empty() {
            true => mark.ends_with("_testing"),
            false => sink.is_selected(mark),
        };
        if marks.len() < 64 {
            marks.insert(mark.to_string());
        }
        if !counts {
            let mark = if mark.ends_with("_ranging") { ".._ranging" } else { mark };
            sink.notes.line(number, &format!("of mark {}: not counted", quoted(mark)));
            continue;
        }
        taken.insert(mark.to_string());
        let t = match stamp(time, DateOrder::MonthFirst) {
            Ok(stamp) => sink.at(number, stamp, time)?,
            Err(_) => {
                sink.leave_out(number, super::sink::NO_TIME);
                continue;
            }
        };
        match watts.parse::<f64>() {
            Ok(watt) if watt >= 0.0 && watt.is_finite() => sink.push(series, t, watt, None)?,
            Ok(_) => sink.failed(series, number, t, watts)?,
            Err(_) => sink.leave_out(number, "no power in its field, left out"),
        }
    }
    if taken.is_empty() && !marks.is_empty() {
        let marks: Vec<String> = marks.into_iter().take(8).collect();
        let remedy = format!("say which mark counts: --select {}", marks.join(" or --select "));
        return Err(Fault::new("no mark ends with _testing", marks.len(), remedy));
    }
    Ok(())
}

//! AIPerf's `gpu_telemetry_export.jsonl` (aiperf, GPU telemetry): snapshots of dcgm-exporter, some written twice. Energy is in megajoules,
//! memory in GB.

use super::sink::{Gpu, MEMORY, NO_EXTRAS, Sensor, Sink, TEMPERATURE, UTILISATION};
use crate::read::{fault::Result, format::Format, source::Source, zone::Stamp};
use sensor::{Kind, Scope, averaging::Reading};
use serde::Deserialize;

pub const FORMAT: Format<Sink> = Format {
    name: "aiperf-telemetry",
    about: "AIPerf: gpu_telemetry_export.jsonl",
    recognises: |head| {
        head.lines().take(5).any(|line| line.contains("\"telemetry_data\"") && line.contains("\"timestamp_ns\""))
    },
    read,
};

const MIB_PER_GB: f64 = 1e9 / 1_048_576.0;
const J_PER_MJ: f64 = 1e6;

#[derive(Deserialize)]
struct Snapshot {
    timestamp_ns: i64,
    gpu_index: Option<u32>,
    gpu_uuid: Option<String>,
    hostname: Option<String>,
    gpu_model_name: Option<String>,
    telemetry_data: Telemetry,
}

#[derive(Deserialize)]
struct Telemetry {
    gpu_power_usage: Option<f64>,
    energy_consumption: Option<f64>,
    gpu_utilization: Option<f64>,
    gpu_memory_used: Option<f64>,
    gpu_temperature: Option<f64>,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    while let Some(line) = lines.next()? {
        let number = line.number;
        if line.text.trim().is_empty() {
            continue;
        }
        let Ok(Snapshot { timestamp_ns, gpu_index, gpu_uuid, hostname, gpu_model_name, telemetry_data }) =
            serde_json::from_str(&line.text)
        else {
            sink.leave_out(number, "no snapshot, or cut, left out");
            continue;
        };
        let index = gpu_index.map(|i| i.to_string());
        let Some(name) = gpu_uuid.clone().or(index.clone()) else {
            sink.leave_out(number, "no GPU, left out");
            continue;
        };
        let t = sink.at(number, Stamp::Utc(timestamp_ns), "timestamp_ns")?;
        let id = ["aiperf"].into_iter().chain(hostname.as_deref()).chain([name.as_str()]).collect::<Vec<_>>().join(":");
        let gpu = Gpu { index, uuid: gpu_uuid };
        let mut extras = NO_EXTRAS;
        for (value, extra, factor) in [
            (telemetry_data.gpu_temperature, TEMPERATURE, 1.0),
            (telemetry_data.gpu_memory_used, MEMORY, MIB_PER_GB),
            (telemetry_data.gpu_utilization, UTILISATION, 1.0),
        ] {
            extras[extra] = value.filter(|v| *v >= 0.0).map_or(f64::NAN, |v| v * factor);
        }
        for (kind, value, factor, label) in [
            (
                Kind::Average,
                telemetry_data.gpu_power_usage,
                1.0,
                "DCGM field 155: mean over a second from Ampere on (but GA100)",
            ),
            (
                Kind::Counter,
                telemetry_data.energy_consumption,
                J_PER_MJ,
                "DCGM field 156, in steps of 1e-6 of a megajoule or coarser",
            ),
        ] {
            let Some(value) = value.filter(|v| *v >= 0.0) else { continue };
            let sensor = Sensor::new(&id, kind, Scope::Gpu).label(label).gpu(gpu.clone());
            let sensor = sensor.nvidia(Reading::Usage, gpu_model_name.as_deref().unwrap_or_default());
            if let Some(series) = sink.series(sensor) {
                sink.push(series, t, value * factor, Some(&extras))?;
            }
        }
    }
    Ok(())
}

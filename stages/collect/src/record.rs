//! Rows of `session` and `run` as `collect` fills them.

use crate::{clock::Anchor, config::Config, host::Host, machine::Machine, power::sampler::Sampler};
use protocol::peer;
pub use schemas::tables::{run::Row as Run, session::Row as Session};
use std::path::Path;

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// The session that begins at an anchor.
pub fn begin_session(config: &Config, config_json: &serde_json::Value, host: &Host, anchor: Anchor) -> Session {
    let Machine { machine, provider, region, instance, instance_from } = Machine::read(Path::new("/"));
    Session {
        session_id: format!("{}-{}", anchor.realtime_ns, std::process::id()),
        source: "measured".into(),
        started_ns: Some(anchor.realtime_ns),
        host: Some(host.name.clone()),
        os: Some(host.os.clone()),
        cpu: Some(host.cpu.clone()),
        machine,
        provider,
        region,
        instance,
        instance_from: instance_from.map(str::to_string),
        logical_cores: Some(host.logical_cores as i64),
        memory_mb: Some(host.memory_mb),
        engines: Some(Vec::new()),
        git_commit: std::env::var("TALLYWATT_COMMIT").ok(),
        config_sha256: Some(schemas::provenance::sha256_bytes(config_json.to_string().as_bytes())),
        anchor_realtime_ns: Some(anchor.realtime_ns),
        anchor_monotonic_ns: Some(anchor.monotonic_ns),
        seed: Some(config.seed as i64),
        ..Session::default()
    }
}

/// Names the sensors and GPUs of a session.
pub fn name_sensors(session: &mut Session, sampler: &Sampler) {
    session.sensors = some(sampler.devices());
    session.sensors_unavailable = some(sampler.unavailable.clone());
    session.gpu_uuids = some(sampler.gpus.iter().map(|g| g.uuid.clone()).collect());
    session.gpu_names = some(sampler.gpus.iter().map(|g| g.name.clone()).collect());
    session.gpu_driver = sampler.gpus.first().map(|g| g.driver.clone());
}

/// A run that was not tried.
pub fn skip(run: Run, why: &str) -> Run {
    Run { status: "skipped".into(), reason: Some(peer::words(why)), ..run }
}

/// A run that failed.
pub fn fail(run: Run, why: &str) -> Run {
    Run { status: "failed".into(), reason: Some(peer::words(why)), ..run }
}

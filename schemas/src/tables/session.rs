//! One life of the collecting process.

use crate::column::*;

crate::table! {
    SESSION: "session", version 4, written by "collect";
    grain: "One collection session: one life of `collect`, from start to end or to the moment it was killed.";
    key: &["session_id"];
    session_id: text("Start instant (UTC) and process id, or the name of an import"),
    source: choice(&["measured", "imported"], "Whether `collect` measured it or took it from somewhere else"),
    started_ns: int("Start").or_null("when an import has no clock times"),
    ended_ns: int("End").or_null("when the session was killed"),
    host: text("Host name").or_null("when an import does not say"),
    os: text("Operating system and kernel").or_null("when an import does not say"),
    cpu: text("Processor model, as the kernel prints it").or_null("when an import does not say"),
    machine: text("Vendor and product of the machine, as its firmware says (DMI)").or_null("when it says none"),
    provider: text("Cloud that it was rented from, as `price` names it").or_null("when nothing there says it"),
    region: text("The cloud's region").or_null("when nothing there says it"),
    instance: text("Instance type").or_null("when nothing there says it"),
    instance_from: text("What said the cloud or the instance: `DMI`, `cloud-init`").or_null("when nothing did"),
    logical_cores: count("Logical processors").or_null("when an import does not say"),
    memory_mb: float("Main memory, MiB").at_least(0.0).or_null("when an import does not say"),
    gpu_uuids: texts("GPUs by UUID").or_null("when there is none or an import does not say"),
    gpu_names: texts("Product names, in the order of `gpu_uuids`")
        .or_null("when there is none or an import does not say"),
    gpu_driver: text("Driver version").or_null("when there is no GPU or an import does not say"),
    engines: texts("Engines and versions").or_null("when an import does not say"),
    git_commit: text("Commit of Tallywatt that measured").or_null("when an import does not say"),
    config_sha256: text("Hash of the `[collect]` configuration").or_null("when an import does not say"),
    anchor_realtime_ns: int("CLOCK_REALTIME at the anchor").or_null("for imports"),
    anchor_monotonic_ns: int("CLOCK_MONOTONIC at the anchor; UTC = monotonic + the difference").or_null("for imports"),
    clock_step_ms: float("Furthest that the wall clock was off the anchor's time: it was set, or the machine slept")
        .or_null("when it kept to it, or for imports"),
    seed: int("Seed of the order of runs").or_null("for imports"),
    idle_before_start_ns: int("Start of the idle baseline before the runs").or_null("when there was none"),
    idle_before_end_ns: int("Its end").or_null("when there was none"),
    idle_after_start_ns: int("Start of the idle baseline after the runs").or_null("when there was none"),
    idle_after_end_ns: int("Its end").or_null("when there was none"),
    sensors: texts("Power sensors that were sampled").or_null("when there was none"),
    sensors_unavailable: texts(
        "Power sources, and devices of theirs, that were asked for and not there, each with its reason",
    )
        .or_null("when there was none"),
}

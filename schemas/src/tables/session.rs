//! One life of the collecting process.

use crate::{Contract, column::*};

pub const SESSION: Contract = Contract {
    name: "session",
    version: 4,
    stage: "collect",
    grain: "One collection session: one life of `collect`, from start to end or to the moment it was killed.",
    key: &["session_id"],
    columns: &[
        text("session_id", "Start instant (UTC) and process id, or the name of an import"),
        choice("source", &["measured", "imported"], "Whether `collect` measured it or took it from somewhere else"),
        int("started_ns", "Start").or_null("when an import has no clock times"),
        int("ended_ns", "End").or_null("when the session was killed"),
        text("host", "Host name").or_null("when an import does not say"),
        text("os", "Operating system and kernel").or_null("when an import does not say"),
        text("cpu", "Processor model, as the kernel prints it").or_null("when an import does not say"),
        text("machine", "Vendor and product of the machine, as its firmware says (DMI)").or_null("when it says none"),
        text("provider", "Cloud that it was rented from, as `price` names it").or_null("when nothing there says it"),
        text("region", "The cloud's region").or_null("when nothing there says it"),
        text("instance", "Instance type").or_null("when nothing there says it"),
        text("instance_from", "What said the cloud or the instance: `DMI`, `cloud-init`").or_null("when nothing did"),
        count("logical_cores", "Logical processors").or_null("when an import does not say"),
        float("memory_mb", "Main memory, MiB").at_least(0.0).or_null("when an import does not say"),
        texts("gpu_uuids", "GPUs by UUID").or_null("when there is none or an import does not say"),
        texts("gpu_names", "Product names, in the order of `gpu_uuids`")
            .or_null("when there is none or an import does not say"),
        text("gpu_driver", "Driver version").or_null("when there is no GPU or an import does not say"),
        texts("engines", "Engines and versions").or_null("when an import does not say"),
        text("git_commit", "Commit of Tallywatt that measured").or_null("when an import does not say"),
        text("config_sha256", "Hash of the `[collect]` configuration").or_null("when an import does not say"),
        int("anchor_realtime_ns", "CLOCK_REALTIME at the anchor").or_null("for imports"),
        int("anchor_monotonic_ns", "CLOCK_MONOTONIC at the anchor; UTC = monotonic + the difference")
            .or_null("for imports"),
        float(
            "clock_step_ms",
            "Furthest that the wall clock was off the anchor's time: it was set, or the machine slept",
        )
        .or_null("when it kept to it, or for imports"),
        int("seed", "Seed of the order of runs").or_null("for imports"),
        int("idle_before_start_ns", "Start of the idle baseline before the runs").or_null("when there was none"),
        int("idle_before_end_ns", "Its end").or_null("when there was none"),
        int("idle_after_start_ns", "Start of the idle baseline after the runs").or_null("when there was none"),
        int("idle_after_end_ns", "Its end").or_null("when there was none"),
        texts("sensors", "Power sensors that were sampled").or_null("when there was none"),
        texts(
            "sensors_unavailable",
            "Power sources, and devices of theirs, that were asked for and not there, each with its reason",
        )
        .or_null("when there was none"),
    ],
};

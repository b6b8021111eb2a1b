//! What an hour of hardware or a million tokens is sold for.

use crate::{Contract, column::*, tables::TIERS};
use serde::{Deserialize, Serialize};

pub const PRICE: Contract = Contract {
    name: "price",
    version: 4,
    stage: "derive-costs",
    grain: "One price: provider x region x instance x tier.",
    key: &["provider", "region", "instance", "tier"],
    columns: &[
        text("provider", "Seller"),
        text("region", "Seller's region, or `any`"),
        text("instance", "Instance type, model of an API, or name of one's own machine"),
        choice("tier", TIERS, "Terms"),
        text("cpu", "Processor model").or_null("when the seller does not say"),
        count("vcpus", "Virtual processors").or_null("when it has none of its own"),
        float("memory_mb", "Main memory, MiB").at_least(0.0).or_null("when unknown"),
        text("accelerator", "Accelerator model").or_null("when it has none"),
        count("accelerator_count", "Accelerators").or_null("when it has none"),
        float("accelerator_memory_mb", "Memory of one accelerator as its maker states it, MiB")
            .at_least(0.0)
            .or_null("when it has none or the memory is not known"),
        float("usd_per_hour", "USD an hour").at_least(0.0).or_null("for prices per token"),
        float("low_usd_per_hour", "Lower end of what is asked: the price varies, or sources disagree")
            .at_least(0.0)
            .or_null("when no source gives a range; a spot price then has an unknown range, any other none"),
        float("high_usd_per_hour", "Upper end").at_least(0.0).or_null("when no source gives a range"),
        float(
            "share_usd_per_hour",
            "USD an hour of one accelerator of it, or of one vCPU where it has none, if the seller sells such shares",
        )
        .at_least(0.0)
        .or_null("when it is sold whole, or nobody says"),
        float("input_usd_per_mtok", "USD per million input tokens").at_least(0.0).or_null("unless the tier is `api`"),
        float("cached_input_usd_per_mtok", "USD per million cached input tokens")
            .at_least(0.0)
            .or_null("unless the tier is `api`"),
        float("output_usd_per_mtok", "USD per million output tokens").at_least(0.0).or_null("unless the tier is `api`"),
        boolean("includes_power", "Whether the price pays for the electricity"),
        text("grid_region", "Row of `grid` whose electricity it uses").or_null("for the configured home region"),
        text("source", "Where the price was read"),
        date(
            "as_of",
            "Last day for which the source vouches for the price, YYYY-MM-DD; not the day on which it was read",
        )
        .or_null("when the source does not say"),
        date("retrieved_on", "When it was read, YYYY-MM-DD"),
    ],
};

/// A row of `price`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub provider: String,
    pub region: String,
    pub instance: String,
    pub tier: String,
    pub cpu: Option<String>,
    pub vcpus: Option<i64>,
    pub memory_mb: Option<f64>,
    pub accelerator: Option<String>,
    pub accelerator_count: Option<i64>,
    pub accelerator_memory_mb: Option<f64>,
    pub usd_per_hour: Option<f64>,
    pub low_usd_per_hour: Option<f64>,
    pub high_usd_per_hour: Option<f64>,
    pub share_usd_per_hour: Option<f64>,
    pub input_usd_per_mtok: Option<f64>,
    pub cached_input_usd_per_mtok: Option<f64>,
    pub output_usd_per_mtok: Option<f64>,
    pub includes_power: bool,
    pub grid_region: Option<String>,
    pub source: String,
    /// Never the day on which the file was read.
    pub as_of: Option<String>,
    pub retrieved_on: String,
}

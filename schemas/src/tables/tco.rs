//! Total cost of ownership of a monthly volume.

use crate::{column::*, tables::*};

crate::table! {
    TCO: "tco", version 3, written by "derive-costs";
    grain: "One backend x price x workload: the configured volume a month for the configured months. Hardware is rented by use \
            or whole, or owned (tier `on_prem`). A month has 730 hours, as cloud prices reckon it.";
    key: &["backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier"];
    with backend, request, price;
    volume_mtok: float("Million tokens a month, prompt and generated").at_least(0.0),
    months: float("Months").at_least(0.0),
    utilisation: float("Share of the paid hours in which tokens are produced").at_least(0.0),
    machines: float("Machines that the volume needs at that utilisation").at_least(0.0),
    upfront_usd: float("Paid once: the workload's, and for owned hardware the whole machines").at_least(0.0),
    value_left_usd: float("Value of owned machines after the months, straight line to the residual").at_least(0.0),
    monthly_usd: float(
        "By use: hours / utilisation at the rate, and electricity. Owned: electricity at load and idle, upkeep",
    )
        .or_null("when the cost of a request is not known"),
    reserved_monthly_usd: float("Whole machines for whole months, and electricity. Owned: the same as `monthly_usd`")
        .or_null("when the cost of a request is not known"),
    total_usd: float("upfront_usd + months x monthly_usd - value_left_usd")
        .or_null("when the cost of a request is not known"),
    ci_low_usd: float("Lower end of the total's interval").or_null("when a request's cost has none"),
    ci_high_usd: float("Upper end").or_null("when a request's cost has none"),
    reserved_total_usd: float("The same with reserved_monthly_usd").or_null("when the cost of a request is not known"),
    total_usd_per_mtok: float("total_usd per million tokens").or_null("when the cost of a request is not known"),
    carbon_kgco2e: float("Of the electricity, over all months").or_null("when a request's carbon is not known"),
    embodied_kgco2e: float("Of making the hardware, over all months")
        .at_least(0.0)
        .or_null("when not known of this hardware"),
    usd_evidence: choice(EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
    gco2e_evidence: choice(EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
    r#match: choice(MATCHES, "Whether the price is of the hardware that was measured"),
}

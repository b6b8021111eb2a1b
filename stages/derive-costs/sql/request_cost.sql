-- One backend x price x workload: what a request costs.
with priced as (
    select
        u.*,
        o.provider,
        o.region,
        o.instance,
        o.tier,
        o.match,
        (u.prefill_s + u.generate_s) / 3600 * o.usd_per_used_hour as infra_usd,
        case when o.includes_power then 0 else u.energy_kwh * o.usd_per_kwh end as energy_usd,
        u.energy_kwh * o.gco2e_per_kwh as carbon_gco2e
    from request_unit as u
    inner join hardware_offer as o on u.device = o.device and u.cpu is not distinct from o.cpu
)

select
    backend,
    device,
    model,
    dtype,
    kv_cache,
    workload,
    provider,
    region,
    instance,
    tier,
    prompt_tokens,
    generated_tokens,
    prefill_s,
    generate_s,
    energy_kwh,
    infra_usd,
    energy_usd,
    infra_usd + energy_usd as total_usd,
    carbon_gco2e,
    energy_evidence,
    match
from priced

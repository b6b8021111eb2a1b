-- One finished run x price x token basis.
select
    u.session_id,
    u.run_id,
    u.backend,
    u.mode,
    u.kv_cache,
    u.scenario,
    o.provider,
    o.region,
    o.instance,
    o.tier,
    u.basis,
    u.hours_per_mtok,
    u.kwh_per_mtok,
    u.hours_per_mtok * o.usd_per_used_hour as infra_usd_per_mtok,
    case when o.includes_power then 0 else u.kwh_per_mtok * o.usd_per_kwh end as energy_usd_per_mtok,
    u.hours_per_mtok * o.usd_per_used_hour
    + case when o.includes_power then 0 else u.kwh_per_mtok * o.usd_per_kwh end as total_usd_per_mtok,
    u.kwh_per_mtok * o.gco2e_per_kwh as gco2e_per_mtok,
    u.evidence as energy_evidence,
    o.match
from run_unit as u
inner join hardware_offer as o on u.hardware = o.hardware and u.model = o.model and u.dtype = o.dtype

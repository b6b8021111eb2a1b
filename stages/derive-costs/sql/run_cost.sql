-- One usable run x price x token basis.
select
    u.session_id,
    u.run_id,
    u.cell_id,
    c.backend,
    c.mode,
    c.kv_cache,
    c.scenario,
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
from cell as c
inner join run_unit as u on c.cell_id = u.cell_id
inner join hardware_offer as o on u.hardware = o.hardware and c.model = o.model and c.dtype = o.dtype

-- One backend x mode x terms: what `cost` says of a million tokens, as a sum that is linear in a kWh's price and in 1 / utilisation:
-- USD = full_usd / utilisation + (paid_kwh + waiting_kwh (1 / utilisation - 1)) x USD per kWh as used.
with grid_of as (
    select
        t.*,
        h.pue,
        h.energy_usd_per_mtok / nullif(t.kwh * h.pue, 0) as usd_per_kwh,
        h.gco2e_per_kwh,
        case when t.tier = 'on_prem' and not t.includes_power then t.hours * o.idle_w / 1000 else 0 end as waiting_kwh,
        c.utilisation
    from priced_with as c
    cross join owned as o
    cross join tier_cost as t
    left join region_carbon as h
        on t.backend = h.backend and t.device = h.device and t.model = h.model and t.dtype = h.dtype and t.mode = h.mode
        and t.kv_cache = h.kv_cache and t.grid_region = h.grid_region
)

select
    name,
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    mode_name,
    place,
    tier,
    match,
    provider,
    region,
    instance,
    price,
    includes_power,
    grid_region,
    pue,
    usd_per_kwh,
    gco2e_per_kwh,
    hours,
    kwh,
    (
        infra_usd
        - case when waiting_kwh = 0 or utilisation = 1 then 0 else waiting_kwh * (1 / utilisation - 1) * pue * usd_per_kwh end
    ) * utilisation as full_usd,
    case when includes_power then 0.0 else kwh end as paid_kwh,
    waiting_kwh,
    infra_usd,
    energy_usd,
    usd,
    usd_low,
    usd_high,
    gco2e,
    gco2e_low,
    gco2e_high,
    embodied_gco2e,
    n,
    usd_evidence
from grid_of
order by case tier when 'on_prem' then 1 else 2 end, match desc, tier, place, name

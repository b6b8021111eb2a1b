-- One backend x mode x terms: what `cost` says of a million tokens, as coefficients of the reader's values. A column
-- `QUANTITY_x_FACTOR` is multiplied by that factor, and a quantity is the sum of its columns. Factors: `paid` is 1 / utilisation, `kwh`
-- the price of a kWh as used (PUE x tariff), `paid_kwh` both, `carbon` the grams of a kWh as used (PUE x intensity). The power of an own
-- machine that waits is part of `infra_usd`.
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
    grid_region,
    pue,
    usd_per_kwh,
    gco2e_per_kwh,
    utilisation,
    kwh,
    (
        infra_usd
        - case when waiting_kwh = 0 or utilisation = 1 then 0 else waiting_kwh * (1 / utilisation - 1) * pue * usd_per_kwh end
    ) * utilisation as infra_usd_x_paid,
    0.0 - waiting_kwh as infra_usd_x_kwh,
    waiting_kwh as infra_usd_x_paid_kwh,
    case when includes_power then 0.0 else kwh end as energy_usd_x_kwh,
    kwh as gco2e_x_carbon,
    embodied_gco2e * utilisation as embodied_gco2e_x_paid,
    infra_usd,
    energy_usd,
    usd,
    usd_low,
    usd_high,
    gco2e,
    gco2e_low,
    gco2e_high,
    n,
    usd_evidence
from grid_of

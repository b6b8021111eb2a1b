-- One kind of hardware that ran x model x price that it has a cost at: what an hour of use, a kWh and its carbon cost there. A price of
-- what ran is `measured`, all of the machine or a share of it. A price of other hardware is here where a speed factor is configured
-- for it alone: `speed` times as fast as what ran, in a range; its energy is known as far as a factor of it is configured.
with met as (
    select
        hardware,
        model,
        dtype,
        provider,
        region,
        instance,
        tier,
        'measured' as match,
        1.0 as speed,
        1.0 as slowest,
        1.0 as fastest,
        1.0 as energy_factor,
        case when is_share then units end as shares,
        case when is_share then cast(units as double) / sold_units else 1.0 end as part
    from price_pair
    where is_priced
    union all
    select
        hardware,
        model,
        dtype,
        provider,
        region,
        instance,
        tier,
        'extrapolated' as match,
        factor as speed,
        low as slowest,
        high as fastest,
        energy_factor,
        cast(null as bigint) as shares,
        1.0 as part
    from price_mapped
    where fits
),

rate as (
    select
        m.hardware,
        m.model,
        m.dtype,
        m.match,
        m.speed,
        m.slowest,
        m.fastest,
        m.energy_factor,
        m.part,
        o.*,
        case when m.shares is null then o.usd_per_hour else m.shares * o.share_usd_per_hour end as rate_usd_per_hour
    from met as m
    inner join offer as o
        on m.provider = o.provider and m.region = o.region and m.instance = o.instance and m.tier = o.tier
),

hourly as (
    select
        r.*,
        c.utilisation,
        -- an hour of use pays for the hours in which the machine waits
        r.rate_usd_per_hour / c.utilisation
        + case when r.idle_kw = 0 or c.utilisation = 1 then 0 else (1 / c.utilisation - 1) * r.idle_kw * r.pue * r.usd_per_kwh end
            as machine_usd_per_used_hour
    from rate as r
    cross join config as c
)

select
    hardware,
    model,
    dtype,
    provider,
    region,
    instance,
    tier,
    includes_power,
    as_of,
    grid_region,
    tariff_evidence,
    carbon_evidence,
    rate_usd_per_hour as usd_per_hour,
    speed,
    idle_kw,
    machine_usd_per_used_hour / speed as usd_per_used_hour,
    machine_usd_per_used_hour * (1 / speed - 1 / fastest) + below_usd_per_hour * part / utilisation / fastest as below_usd_per_used_hour,
    machine_usd_per_used_hour * (1 / slowest - 1 / speed) + above_usd_per_hour * part / utilisation / slowest as above_usd_per_used_hour,
    embodied_gco2e_per_hour * part / utilisation / speed as embodied_gco2e_per_used_hour,
    case when includes_power then 0 else pue * usd_per_kwh * energy_factor end as usd_per_kwh,
    pue * gco2e_per_kwh * energy_factor as gco2e_per_kwh,
    pue,
    energy_factor,
    match
from hourly

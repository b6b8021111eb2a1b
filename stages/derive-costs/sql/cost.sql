-- One cell x price x token basis. Everything is linear in hours h and energy k: total = a h + b k, so the runs' variance of it is
-- a^2 var(h) + b^2 var(k) + 2 a b cov(h, k). Intervals combine that with the energy's own uncertainty and the price's range.
with priced as (
    select
        c.*,
        hours_per_mtok * usd_per_used_hour as infra_usd_per_mtok,
        -- times 0 would make an unknown energy an unknown total
        case when includes_power then 0 else kwh_per_mtok * c.usd_per_kwh end as energy_usd_per_mtok,
        -- a figure of the grid is of a kWh that enters the building
        c.pue * g.gco2e_per_kwh * energy_factor as gco2e_per_kwh,
        hours_per_mtok * embodied_gco2e_per_used_hour as embodied_gco2e_per_mtok,
        case
            when includes_power then usd_per_used_hour * usd_per_used_hour * var_hours
            else
                usd_per_used_hour * usd_per_used_hour * var_hours + c.usd_per_kwh * c.usd_per_kwh * var_kwh
                + 2 * usd_per_used_hour * c.usd_per_kwh * covar
        end as var_usd,
        case when includes_power then 0 else u_kwh * c.usd_per_kwh end as u_usd,
        hours_per_mtok * below_usd_per_used_hour as below_usd,
        hours_per_mtok * above_usd_per_used_hour as above_usd
    -- the small side first: it is the one that is kept in memory
    from grid_year as g
    right join cell_offer as c on g.region = c.grid_region
),

total as (
    select
        *,
        infra_usd_per_mtok + energy_usd_per_mtok as total_usd_per_mtok,
        kwh_per_mtok * gco2e_per_kwh as gco2e_per_mtok,
        sqrt(greatest(var_usd, 0)) as s_usd,
        sqrt(var_kwh) as s_kwh
    from priced
)

select
    cell_id,
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    provider,
    region,
    instance,
    tier,
    basis,
    batch,
    runs,
    1e6 / 3600 / hours_per_mtok as tokens_per_s,
    hours_per_mtok,
    kwh_per_mtok,
    infra_usd_per_mtok,
    energy_usd_per_mtok,
    total_usd_per_mtok,
    interval_low(total_usd_per_mtok, s_usd, df, u_usd, below_usd, above_usd, ci_level, draws, seed) as ci_low_usd_per_mtok,
    interval_high(total_usd_per_mtok, s_usd, df, u_usd, below_usd, above_usd, ci_level, draws, seed) as ci_high_usd_per_mtok,
    gco2e_per_mtok,
    interval_low(kwh_per_mtok, s_kwh, df, u_kwh, 0.0, 0.0, ci_level, draws, seed) as ci_low_kwh_per_mtok,
    interval_high(kwh_per_mtok, s_kwh, df, u_kwh, 0.0, 0.0, ci_level, draws, seed) as ci_high_kwh_per_mtok,
    interval_low(
        gco2e_per_mtok, s_kwh * gco2e_per_kwh, df, u_kwh * gco2e_per_kwh, 0.0, 0.0, ci_level, draws, seed
    ) as ci_low_gco2e_per_mtok,
    interval_high(
        gco2e_per_mtok, s_kwh * gco2e_per_kwh, df, u_kwh * gco2e_per_kwh, 0.0, 0.0, ci_level, draws, seed
    ) as ci_high_gco2e_per_mtok,
    ci_level,
    embodied_gco2e_per_mtok,
    gco2e_per_mtok + embodied_gco2e_per_mtok as sci_gco2e_per_mtok,
    energy_scope,
    energy_evidence,
    weakest_of(
        'derived', time_evidence, case when includes_power then 'derived' else weakest_of(energy_evidence, tariff_evidence) end, match
    ) as usd_evidence,
    weakest_of('derived', energy_evidence, carbon_evidence, match) as gco2e_evidence,
    match,
    includes_power,
    grid_region,
    as_of as price_as_of
from total

-- One backend x mode x grid region x local hour.
with drawn as (
    select
        u.*,
        h.region as grid_region,
        h.zone,
        case when h.region = c.home_grid then 'measured' else 'extrapolated' end as match,
        h.local_hour,
        h.usd_per_kwh,
        h.gco2e_per_kwh,
        coalesce(g.pue, c.default_pue) as pue,
        weakest_of(coalesce(g.tariff_evidence, 'derived'), coalesce(g.carbon_evidence, 'derived')) as grid_evidence,
        coalesce(g.pue, c.default_pue) * h.gco2e_per_kwh as gco2e_per_used_kwh,
        c.ci_level,
        c.draws,
        c.seed
    from mode_unit as u
    cross join config as c
    cross join grid_hour as h
    left join grid_year as g on h.region = g.region
    where u.basis = case when u.mode = 'prefill' then 'input' else 'output' end
)

select
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    grid_region,
    zone,
    local_hour,
    usd_per_kwh,
    gco2e_per_kwh,
    kwh_per_mtok * pue * usd_per_kwh as energy_usd_per_mtok,
    interval_low(
        kwh_per_mtok * pue * usd_per_kwh, sqrt(var_kwh) * pue * usd_per_kwh, df, u_kwh * pue * usd_per_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_low_usd_per_mtok,
    interval_high(
        kwh_per_mtok * pue * usd_per_kwh, sqrt(var_kwh) * pue * usd_per_kwh, df, u_kwh * pue * usd_per_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_high_usd_per_mtok,
    kwh_per_mtok * gco2e_per_used_kwh as gco2e_per_mtok,
    interval_low(
        kwh_per_mtok * gco2e_per_used_kwh, sqrt(var_kwh) * gco2e_per_used_kwh, df, u_kwh * gco2e_per_used_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_low_gco2e_per_mtok,
    interval_high(
        kwh_per_mtok * gco2e_per_used_kwh, sqrt(var_kwh) * gco2e_per_used_kwh, df, u_kwh * gco2e_per_used_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_high_gco2e_per_mtok,
    ci_level,
    weakest_of('derived', energy_evidence, grid_evidence, match) as evidence
from drawn

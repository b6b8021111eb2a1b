-- One backend x mode x grid region: the measured energy, were it drawn there.
with drawn as (
    select
        u.*,
        g.region as grid_region,
        g.basis as grid_basis,
        g.method as grid_method,
        g.year as grid_year,
        g.tariff_evidence,
        g.carbon_evidence,
        g.usd_per_kwh,
        g.gco2e_per_kwh,
        coalesce(g.pue, c.default_pue) as pue,
        coalesce(g.pue, c.default_pue) * g.gco2e_per_kwh as gco2e_per_used_kwh,
        case when g.region = c.home_grid then 'measured' else 'extrapolated' end as match,
        c.ci_level,
        c.draws,
        c.seed
    from mode_unit as u
    cross join config as c
    cross join grid_year as g
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
    grid_basis,
    grid_method,
    grid_year,
    pue,
    gco2e_per_kwh,
    kwh_per_mtok * gco2e_per_used_kwh as gco2e_per_mtok,
    -- direct and life-cycle figures, or those of two accounts, have no order
    case
        when grid_method is not null and grid_basis <> 'unknown' and kwh_per_mtok * gco2e_per_used_kwh is not null then
            rank() over (
                partition by backend, device, model, dtype, mode, kv_cache, grid_basis, grid_method
                order by kwh_per_mtok * gco2e_per_used_kwh asc nulls last
            )
    end as place,
    interval_low(
        kwh_per_mtok * gco2e_per_used_kwh, sqrt(var_kwh) * gco2e_per_used_kwh, df, u_kwh * gco2e_per_used_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_low_gco2e_per_mtok,
    interval_high(
        kwh_per_mtok * gco2e_per_used_kwh, sqrt(var_kwh) * gco2e_per_used_kwh, df, u_kwh * gco2e_per_used_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_high_gco2e_per_mtok,
    kwh_per_mtok * pue * usd_per_kwh as energy_usd_per_mtok,
    interval_low(
        kwh_per_mtok * pue * usd_per_kwh, sqrt(var_kwh) * pue * usd_per_kwh, df, u_kwh * pue * usd_per_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_low_usd_per_mtok,
    interval_high(
        kwh_per_mtok * pue * usd_per_kwh, sqrt(var_kwh) * pue * usd_per_kwh, df, u_kwh * pue * usd_per_kwh, 0.0, 0.0,
        ci_level, draws, seed
    ) as ci_high_usd_per_mtok,
    ci_level,
    weakest_of('derived', energy_evidence, tariff_evidence, carbon_evidence, match) as evidence,
    match
from drawn

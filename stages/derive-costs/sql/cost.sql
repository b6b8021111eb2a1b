-- One cell x price x token basis. Total and its variance are linear in hours h and energy k:
-- total = a h + b k, var = a^2 var(h) + b^2 var(k) + 2 a b cov(h, k); intervals are Student t over the cell's runs.
with priced as (
    select
        *,
        hours_per_mtok * usd_per_used_hour as infra_usd_per_mtok,
        case when includes_power then 0 else kwh_per_mtok * usd_per_kwh end as energy_usd_per_mtok,
        kwh_per_mtok * gco2e_per_kwh as gco2e_per_mtok,
        student_t_quantile((1 + ci_level) / 2, cast(runs - 1 as double)) / sqrt(cast(runs as double)) as t_over_root_n,
        case
            when includes_power then usd_per_used_hour * usd_per_used_hour * var_hours
            else
                usd_per_used_hour * usd_per_used_hour * var_hours + usd_per_kwh * usd_per_kwh * var_kwh
                + 2 * usd_per_used_hour * usd_per_kwh * covar
        end as var_usd
    from cell_offer
),

total as (
    select
        *,
        infra_usd_per_mtok + energy_usd_per_mtok as total_usd_per_mtok,
        t_over_root_n * sqrt(greatest(var_usd, 0)) as half_usd,
        case when kwh_per_mtok is not null then t_over_root_n * sqrt(var_kwh) end as half_kwh
    from priced
)

select
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
    total_usd_per_mtok - half_usd as ci_low_usd_per_mtok,
    total_usd_per_mtok + half_usd as ci_high_usd_per_mtok,
    gco2e_per_mtok,
    kwh_per_mtok - half_kwh as ci_low_kwh_per_mtok,
    kwh_per_mtok + half_kwh as ci_high_kwh_per_mtok,
    gco2e_per_mtok - half_kwh * gco2e_per_kwh as ci_low_gco2e_per_mtok,
    gco2e_per_mtok + half_kwh * gco2e_per_kwh as ci_high_gco2e_per_mtok,
    ci_level,
    energy_scope,
    energy_evidence,
    match,
    includes_power,
    grid_region,
    retrieved_on
from total

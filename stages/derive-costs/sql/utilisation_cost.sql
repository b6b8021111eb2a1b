-- One backend x price x workload x utilisation. Rented hardware is paid for by the hour whether it works or not; one's own by its
-- purchase over its life and upkeep, and it draws idle power while it waits.
with hourly as (
    select
        r.*,
        u.utilisation,
        r.hours / r.request_mtok as hours_per_mtok,
        r.usd_per_hour / r.speed as fixed_usd_per_hour,
        c.utilisation as at_configured,
        r.embodied_gco2e / r.request_mtok * c.utilisation as embodied_at_full
    from request_offer as r
    cross join utilisation as u
    cross join config as c
),

cost as (
    select
        *,
        hours_per_mtok * fixed_usd_per_hour / utilisation as infra_usd_per_mtok,
        energy_usd / request_mtok as load_usd_per_mtok,
        case when idle_kw = 0 then 0 else hours_per_mtok * (1 / utilisation - 1) * idle_kw * usd_per_kwh end as idle_usd_per_mtok,
        below_usd / request_mtok * at_configured / utilisation as below_usd_per_mtok,
        above_usd / request_mtok * at_configured / utilisation as above_usd_per_mtok,
        -- the rent's part of the variance grows as utilisation falls
        sqrt(greatest(
            fixed_usd_per_hour / utilisation * fixed_usd_per_hour / utilisation * var_hours
            + case
                when includes_power then 0
                else usd_per_kwh * usd_per_kwh * var_kwh + 2 * fixed_usd_per_hour / utilisation * usd_per_kwh * covar
            end, 0
        )) / request_mtok as s_usd_per_mtok
    from hourly
),

total as (
    select
        *,
        infra_usd_per_mtok + load_usd_per_mtok + idle_usd_per_mtok as total_usd_per_mtok
    from cost
)

select
    t.backend,
    t.device,
    t.model,
    t.dtype,
    t.kv_cache,
    t.workload,
    t.provider,
    t.region,
    t.instance,
    t.tier,
    t.utilisation,
    t.infra_usd_per_mtok,
    t.load_usd_per_mtok,
    t.idle_usd_per_mtok,
    t.total_usd_per_mtok,
    interval_low(
        t.total_usd_per_mtok, t.s_usd_per_mtok, t.df, t.u_usd / t.request_mtok, t.below_usd_per_mtok, t.above_usd_per_mtok,
        c.ci_level, c.draws, c.seed
    ) as ci_low_usd_per_mtok,
    interval_high(
        t.total_usd_per_mtok, t.s_usd_per_mtok, t.df, t.u_usd / t.request_mtok, t.below_usd_per_mtok, t.above_usd_per_mtok,
        c.ci_level, c.draws, c.seed
    ) as ci_high_usd_per_mtok,
    t.carbon_gco2e / t.request_mtok + t.hours_per_mtok * (1 / t.utilisation - 1) * t.idle_kw * t.gco2e_per_kwh as gco2e_per_mtok,
    t.embodied_at_full / t.utilisation as embodied_gco2e_per_mtok,
    c.ci_level,
    t.usd_evidence,
    t.gco2e_evidence,
    t.match
from total as t
cross join config as c

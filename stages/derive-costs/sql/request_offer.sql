-- One backend x workload x price: what a request costs, with what its intervals need.
with priced as (
    select
        u.*,
        o.provider,
        o.region,
        o.instance,
        o.tier,
        o.match,
        o.includes_power,
        o.tariff_evidence,
        o.carbon_evidence,
        o.usd_per_hour,
        o.usd_per_used_hour,
        o.speed,
        o.idle_kw,
        o.usd_per_kwh,
        o.gco2e_per_kwh,
        u.hours * o.usd_per_used_hour as infra_usd,
        case when o.includes_power then 0 else u.energy_kwh * o.usd_per_kwh end as energy_usd,
        u.energy_kwh * o.gco2e_per_kwh as carbon_gco2e,
        u.hours * o.embodied_gco2e_per_used_hour as embodied_gco2e,
        case
            when o.includes_power then o.usd_per_used_hour * o.usd_per_used_hour * u.var_hours
            else
                o.usd_per_used_hour * o.usd_per_used_hour * u.var_hours + o.usd_per_kwh * o.usd_per_kwh * u.var_kwh
                + 2 * o.usd_per_used_hour * o.usd_per_kwh * u.covar
        end as var_usd,
        case when o.includes_power then 0 else u.u_kwh * o.usd_per_kwh end as u_usd,
        u.hours * o.below_usd_per_used_hour as below_usd,
        u.hours * o.above_usd_per_used_hour as above_usd
    from request_unit as u
    inner join hardware_offer as o on u.hardware = o.hardware and u.model = o.model and u.dtype = o.dtype
),

total as (
    select
        *,
        infra_usd + energy_usd as total_usd,
        sqrt(greatest(var_usd, 0)) as s_usd,
        sqrt(var_kwh) as s_kwh
    from priced
)

select
    t.*,
    weakest_of(
        'derived',
        t.time_evidence,
        case when t.includes_power then 'derived' else weakest_of(t.energy_evidence, t.tariff_evidence) end,
        t.match
    ) as usd_evidence,
    weakest_of('derived', t.energy_evidence, t.carbon_evidence, t.match) as gco2e_evidence,
    c.ci_level,
    interval_low(t.total_usd, t.s_usd, t.df, t.u_usd, t.below_usd, t.above_usd, c.ci_level, c.draws, c.seed) as ci_low_usd,
    interval_high(t.total_usd, t.s_usd, t.df, t.u_usd, t.below_usd, t.above_usd, c.ci_level, c.draws, c.seed) as ci_high_usd,
    interval_low(t.energy_kwh, t.s_kwh, t.df, t.u_kwh, 0.0, 0.0, c.ci_level, c.draws, c.seed) as ci_low_kwh,
    interval_high(t.energy_kwh, t.s_kwh, t.df, t.u_kwh, 0.0, 0.0, c.ci_level, c.draws, c.seed) as ci_high_kwh,
    interval_low(
        t.carbon_gco2e, t.s_kwh * t.gco2e_per_kwh, t.df, t.u_kwh * t.gco2e_per_kwh, 0.0, 0.0, c.ci_level, c.draws, c.seed
    ) as ci_low_gco2e,
    interval_high(
        t.carbon_gco2e, t.s_kwh * t.gco2e_per_kwh, t.df, t.u_kwh * t.gco2e_per_kwh, 0.0, 0.0, c.ci_level, c.draws, c.seed
    ) as ci_high_gco2e
from total as t
cross join config as c

-- Every formula is linear in the price, so runs are averaged before they meet prices. The same file runs on DataFusion and DuckDB.
with run_unit as (
    select
        backend,
        mode,
        duration_s / 3600 / tokens * 1e6 as hours,
        energy_j / 3.6e6 / tokens * 1e6 as kwh
    from runs
),

cell as (
    select
        backend,
        mode,
        count(*) as n,
        avg(hours) as hours,
        avg(kwh) as kwh,
        var_samp(hours) / count(*) as var_hours,
        var_samp(kwh) / count(*) as var_kwh,
        covar_samp(hours, kwh) / count(*) as covar
    from run_unit
    group by backend, mode
),

priced as (
    select
        c.backend,
        c.mode,
        p.price_id,
        c.n,
        c.hours * p.usd_per_hour + c.kwh * p.usd_per_kwh as usd,
        1.959963984540054 * sqrt(
            p.usd_per_hour * p.usd_per_hour * c.var_hours + p.usd_per_kwh * p.usd_per_kwh * c.var_kwh
            + 2 * p.usd_per_hour * p.usd_per_kwh * c.covar
        ) as half_usd,
        c.kwh * p.gco2e_per_kwh as gco2e
    from cell as c
    cross join prices as p
)

select backend, mode, price_id, n, usd, usd - half_usd as low_usd, usd + half_usd as high_usd, gco2e
from priced

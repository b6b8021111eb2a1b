-- One grid region: means over the year that ends with its latest interval, weighted by time; a tariff with hours takes the place of
-- the grid's own.
with year as (
    select
        *,
        max(end_ns) over (partition by region) - 365 * 86400 * 1000000000 as since_ns
    from grid
),

part as (
    select *, cast(end_ns - greatest(start_ns, since_ns) as double) as length
    from year
    where end_ns > since_ns
),

tariff_year as (
    select
        *,
        max(end_ns) over (partition by region) - 365 * 86400 * 1000000000 as since_ns
    from tariff_hour
),

tariff_mean as (
    select
        region,
        sum(usd_per_kwh * cast(end_ns - greatest(start_ns, since_ns) as double))
        / sum(cast(end_ns - greatest(start_ns, since_ns) as double)) as usd_per_kwh
    from tariff_year
    where end_ns > since_ns
    group by region
),

mean as (
    select
        region,
        sum(usd_per_kwh * length) / sum(case when usd_per_kwh is not null then length end) as usd_per_kwh,
        sum(gco2e_per_kwh * length) / sum(case when gco2e_per_kwh is not null then length end) as gco2e_per_kwh,
        sum(pue * length) / sum(case when pue is not null then length end) as pue,
        max(year) as year,
        max(basis) as basis
    from part
    group by region
)

select
    m.region,
    coalesce(t.usd_per_kwh, m.usd_per_kwh) as usd_per_kwh,
    m.gco2e_per_kwh,
    m.pue,
    m.year,
    m.basis
from mean as m
left join tariff_mean as t on m.region = t.region

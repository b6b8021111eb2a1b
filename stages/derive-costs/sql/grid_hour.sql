-- One grid region x local hour: means over the newest year's days, of regions whose tariff or intensity is known by the hour or finer.
-- Hours of a grid without a tariff are in UTC.
with zoned as (
    select region, max(zone) as zone
    from tariff_hour
    group by region
),

tariff_year as (
    select *, max(end_ns) over (partition by region) - 365 * 86400 * 1000000000 as since_ns
    from tariff_hour
),

tariff_mean as (
    select
        region,
        zone,
        local_hour,
        sum(usd_per_kwh * cast(end_ns - start_ns as double)) / sum(cast(end_ns - start_ns as double)) as usd_per_kwh
    from tariff_year
    where end_ns > since_ns
    group by region, zone, local_hour
),

fine as (
    select g.*, coalesce(z.zone, 'UTC') as zone, max(g.end_ns) over (partition by g.region) - 365 * 86400 * 1000000000 as since_ns
    from grid as g
    left join zoned as z on g.region = z.region
    where g.end_ns - g.start_ns <= 3600 * 1000000000
),

grid_mean as (
    select
        region,
        zone,
        local_hour(start_ns, zone) as local_hour,
        avg(gco2e_per_kwh) as gco2e_per_kwh,
        avg(usd_per_kwh) as usd_per_kwh
    from fine
    where end_ns > since_ns
    group by region, zone, local_hour(start_ns, zone)
)

select
    coalesce(t.region, g.region) as region,
    coalesce(t.zone, g.zone) as zone,
    coalesce(t.local_hour, g.local_hour) as local_hour,
    coalesce(t.usd_per_kwh, g.usd_per_kwh) as usd_per_kwh,
    g.gco2e_per_kwh
from tariff_mean as t
full outer join grid_mean as g on t.region = g.region and t.local_hour = g.local_hour

-- Prices that were old when the runs were made, by the day for which their source vouches and not the day on which they were read.
with made as (
    select max(started_ns) as started_ns from session
)

select
    'price_old' as code,
    p.provider || ' ' || p.region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' prices are of more than ' || cast(max(c.max_price_age_days) as varchar)
    || ' days before the runs, the oldest of ' || min(p.as_of) || ': they may have changed since' as what
from config as c
cross join made as m
cross join price as p
where m.started_ns - cast(to_timestamp_nanos(p.as_of) as bigint) > c.max_price_age_days * 86400000000000
group by p.provider, p.region

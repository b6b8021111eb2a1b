-- Prices of which no accelerator, and no machine without one, is worth an hour.
select
    'price_implausible' as code,
    p.provider || ' ' || p.region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' prices are above ' || cast(max(c.max_usd_per_hour_per_accelerator) as varchar)
    || ' USD an hour and accelerator, ' || min(p.instance) || ' first: a placeholder, or another unit' as what
from config as c
cross join price as p
where p.usd_per_hour / greatest(coalesce(p.accelerator_count, 1), 1) > c.max_usd_per_hour_per_accelerator
group by p.provider, p.region

-- Spot prices without a range: they change by the hour and the zone, and nobody said how far.
select
    'spot_range_unknown' as code,
    provider || ' ' || region as place,
    'info' as severity,
    cast(count(*) as varchar) || ' spot prices have no range, ' || min(instance) || ' first: they vary, so their dollars have no interval '
    || '(`low_usd_per_hour` and `high_usd_per_hour` give them one)' as what
from price
where tier = 'spot' and usd_per_hour is not null and low_usd_per_hour is null
group by provider, region

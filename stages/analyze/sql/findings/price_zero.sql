-- Prices of nothing, which only one's own machine and an API may have.
select
    'price_zero' as code,
    provider || ' ' || region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' prices by the hour are 0, ' || min(instance) || ' (' || min(tier)
    || ') first: a missing price is left out, not written as 0' as what
from price
where usd_per_hour = 0 and tier not in ('on_prem', 'api')
group by provider, region

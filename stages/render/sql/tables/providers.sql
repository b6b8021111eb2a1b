-- One mode x provider x hardware (what ran, or other): its cheapest price on demand or own machine, at the best backend.
select *
from (
    select *, row_number() over (partition by place, provider, match order by usd, region, instance, name) as choice
    from backend_cost
    where tier in ('on_demand', 'on_prem') and usd is not null
) as placed
where choice = 1
order by place, match desc, usd, provider

-- Spot prices that are no lower than the on-demand price of the same machine.
select
    'spot_not_cheaper' as code,
    s.provider || ' ' || s.region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' spot prices are no lower than on demand, ' || min(s.instance)
    || ' first: one of the two is old or wrong' as what
from price as s
inner join price as o on s.provider = o.provider and s.region = o.region and s.instance = o.instance
where s.tier = 'spot' and o.tier = 'on_demand' and s.usd_per_hour >= o.usd_per_hour
group by s.provider, s.region

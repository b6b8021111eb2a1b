-- One price other than on demand against the same instance on demand.
select
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.usd_per_hour,
    d.usd_per_hour as on_demand_usd_per_hour,
    p.usd_per_hour / d.usd_per_hour as ratio_of_rates,
    100 * (1 - p.usd_per_hour / d.usd_per_hour) as saving_pct,
    p.retrieved_on,
    d.retrieved_on as on_demand_retrieved_on
from price as p
inner join price as d on p.provider = d.provider and p.region = d.region and p.instance = d.instance
where d.tier = 'on_demand' and p.tier not in ('on_demand', 'api', 'on_prem') and p.usd_per_hour is not null and d.usd_per_hour > 0

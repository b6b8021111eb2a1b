-- One price other than on demand against the same instance on demand, of what a run has a cost at. Rates change: two of different
-- times are no saving.
with pair as (
    select
        p.provider,
        p.region,
        p.instance,
        p.tier,
        p.usd_per_hour,
        d.usd_per_hour as on_demand_usd_per_hour,
        p.as_of,
        d.as_of as on_demand_as_of,
        case
            when p.as_of is null or d.as_of is null then 'a rate has no date'
            when abs(
                cast(to_timestamp_nanos(p.as_of) as bigint) - cast(to_timestamp_nanos(d.as_of) as bigint)
            ) > c.max_price_gap_days * 86400000000000
                then concat('the rates are more than ', c.max_price_gap_days, ' days apart')
        end as reason
    from config as c
    cross join price as p
    inner join price as d on p.provider = d.provider and p.region = d.region and p.instance = d.instance
    left anti join retired_price as r
        on p.provider = r.provider and p.region = r.region and p.instance = r.instance and p.tier = r.tier
    left semi join hardware_offer as h
        on p.provider = h.provider and p.region = h.region and p.instance = h.instance and p.tier = h.tier
    where
        d.tier = 'on_demand' and p.tier not in ('on_demand', 'api', 'on_prem') and p.usd_per_hour is not null and d.usd_per_hour > 0
)

select
    provider,
    region,
    instance,
    tier,
    usd_per_hour,
    on_demand_usd_per_hour,
    case when reason is null then usd_per_hour / on_demand_usd_per_hour end as ratio_of_rates,
    case when reason is null then 100 * (1 - usd_per_hour / on_demand_usd_per_hour) end as saving_pct,
    as_of,
    on_demand_as_of,
    reason
from pair

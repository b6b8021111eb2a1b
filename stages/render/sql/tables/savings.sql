-- One provider x tier: the rates of its instances over those on demand.
select
    provider,
    tier,
    count(ratio_of_rates) as instances,
    median(ratio_of_rates) as ratio,
    min(ratio_of_rates) as least,
    max(ratio_of_rates) as most,
    count(reason) as without,
    coalesce(max(reason), '') as reason
from tier_saving
group by provider, tier
order by provider, tier

-- One backend x mode x tier: the cheapest price of the tier.
select *
from tier_cost
order by place, match desc, tier, name

-- One row: ratios of the rates of one provider and tier.
select median(ratio_of_rates) as ratio, count(ratio_of_rates) as instances, count(reason) as without
from tier_saving
where {=provider, tier}

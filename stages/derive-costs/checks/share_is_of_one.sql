-- A price of a share is no more than that of the machine.
select provider, region, instance, tier, share_usd_per_hour, usd_per_hour
from price
where share_usd_per_hour > usd_per_hour

-- A price lies in the range that is stated for it, which has both ends.
select provider, region, instance, tier, low_usd_per_hour, usd_per_hour, high_usd_per_hour
from price
where
    (low_usd_per_hour is null) <> (high_usd_per_hour is null)
    or (low_usd_per_hour is not null and usd_per_hour is null)
    or usd_per_hour < low_usd_per_hour
    or usd_per_hour > high_usd_per_hour

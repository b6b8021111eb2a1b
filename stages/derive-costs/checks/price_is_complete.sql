-- A tier by the hour has a price by the hour, an API one by the token.
select provider, region, instance, tier
from price
where
    case
        when tier = 'api' then input_usd_per_mtok is null and output_usd_per_mtok is null and usd_per_hour is null
        else usd_per_hour is null
    end

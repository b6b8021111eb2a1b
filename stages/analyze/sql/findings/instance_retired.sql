-- Prices of what cannot be rented any more.
select
    'instance_retired' as code,
    provider || ' ' || region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' prices are of instances that cannot be rented any more, ' || min(instance) || ' (since '
    || min(retired_on) || ') first: no cost is computed of them' as what
from retired_price
group by provider, region

-- Sellers all of whose spot prices are one share of the on-demand price, to a thousandth: computed, not asked.
with share as (
    select s.provider, s.usd_per_hour / nullif(o.usd_per_hour, 0) as share
    from price as s
    inner join price as o on s.provider = o.provider and s.region = o.region and s.instance = o.instance
    where s.tier = 'spot' and o.tier = 'on_demand'
)

select
    'spot_fixed_share' as code,
    provider as place,
    'warning' as severity,
    'all ' || cast(count(*) as varchar) || ' spot prices are ' || cast(round(avg(share), 3) as varchar)
    || ' of the on-demand price: an assumption, and no market''s price' as what
from share
group by provider
having count(share) >= 3 and max(share) - min(share) <= 0.001 * max(share)

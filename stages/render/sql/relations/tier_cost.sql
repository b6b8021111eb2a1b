-- One backend x mode x tier: the cheapest price of the tier.
select *
from (
    select
        *,
        row_number() over (
            partition by backend, device, model, dtype, mode, kv_cache, tier, match
            order by usd asc, provider asc, region asc, instance asc
        ) as cheapest
    from backend_cost
    where usd is not null
) as placed
where cheapest = 1

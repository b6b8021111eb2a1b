-- One backend x mode x tier: the cheapest price of the tier.
select mode, place, backend, basis, tier, match, provider, region, instance, usd, half_usd, runs, energy_evidence
from (
    select
        *,
        row_number() over (
            partition by mode, backend, tier, match
            order by usd asc, provider asc, region asc, instance asc
        ) as rank
    from backend_cost
    where usd is not null
)
where rank = 1
order by place, backend, match, tier

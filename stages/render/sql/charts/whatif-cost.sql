-- One bar: a million tokens of one backend and mode, at the cheapest price of the first terms that the what-if form offers.
select
    mode_name as row,
    name as series,
    usd as value,
    usd_low as low,
    usd_high as high,
    n,
    usd_evidence as evidence
from (
    select *, dense_rank() over (order by case tier when 'on_prem' then 1 else 2 end, match desc, tier) as choice
    from whatif_unit
) as terms
where choice = 1
order by place, name

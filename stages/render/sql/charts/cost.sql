-- One bar: a million tokens of one backend and mode at the cheapest price of the hardware that ran, or of other hardware.
select
    mode_name as mode,
    case match when 'measured' then 'hardware that ran' else 'other hardware' end as row,
    name as series,
    usd as value,
    usd_low as low,
    usd_high as high,
    n,
    usd_evidence as evidence
from (
    select *, row_number() over (partition by place, name, match order by usd, price) as choice
    from tier_cost
) as placed
where choice = 1
order by place, match desc, name

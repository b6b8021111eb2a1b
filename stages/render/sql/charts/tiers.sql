-- One bar: a million tokens of one backend and mode at the cheapest price of one tier.
select
    mode_name as mode,
    tier || ' (' || match || ')' as row,
    name as series,
    usd as value,
    usd_low as low,
    usd_high as high,
    n,
    usd_evidence as evidence
from tier_cost
order by place, match desc, tier, name

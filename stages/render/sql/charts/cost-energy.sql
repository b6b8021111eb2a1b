-- One point: energy and dollars of one backend and mode at the cheapest price of one tier. It is of the frontier where nothing of the
-- same hardware that takes as little energy costs as little.
select
    mode_name as mode,
    tier || ' (' || match || ')' as row,
    name as series,
    kwh as x,
    kwh_low as x_low,
    kwh_high as x_high,
    usd as y,
    case when usd_low > 0 then usd_low end as y_low,
    case when usd_low > 0 then usd_high end as y_high,
    n,
    usd_evidence as evidence,
    usd < coalesce(
        min(usd) over (
            partition by place, match order by kwh, usd, name, tier, match
            rows between unbounded preceding and 1 preceding
        ),
        1e300
    ) as frontier
from tier_cost
where kwh > 0 and usd > 0
order by place, kwh, usd, name, tier, match
limit 600

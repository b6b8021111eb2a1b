-- One device that ran x outcome x reason: how many prices it is of, and one of them.
select device, coalesce(name, 'unknown') as name, outcome, reason, max(prices) as prices, min(example) as example
from price_match
where reason <> 'another kind of device'
group by device, coalesce(name, 'unknown'), outcome, reason
order by
    device,
    case outcome when 'measured' then 1 when 'share' then 2 when 'extrapolated' then 3 else 4 end,
    prices desc,
    reason

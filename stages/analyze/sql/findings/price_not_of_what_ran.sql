-- Prices that have no cost, because they are not of the hardware that ran, or of a part of it that nobody sells.
with told as (
    select coalesce(name, device) as place, reason, max(prices) as prices, min(example) as example
    from price_match
    where outcome = 'none' and reason <> 'another kind of device'
    group by coalesce(name, device), reason
)

select
    'price_not_of_what_ran' as code,
    place,
    'info' as severity,
    'prices that have no cost: '
    || string_agg(concat(prices, ' (', reason, ': ', example, ' first)'), ', ' order by prices desc, reason asc) as what
from told
group by place

-- Prices that have no cost, because they are not of the hardware that ran, or of a part of it that nobody sells.
select
    'price_not_of_what_ran' as code,
    coalesce(name, device) as place,
    'info' as severity,
    cast(max(prices) as varchar) || ' prices have no cost, ' || min(example) || ' first: ' || reason as what
from price_match
where outcome = 'none' and reason <> 'another kind of device'
group by coalesce(name, device), reason

-- Prices of hardware that was not measured.
select
    'price_extrapolated' as code,
    'cost' as place,
    'info' as severity,
    cast(count(distinct provider || region || instance || tier) as varchar)
    || ' prices are of hardware that was not measured: their costs are extrapolations and are not ranked with measured ones' as what
from cost
where match = 'extrapolated'
having count(*) > 0

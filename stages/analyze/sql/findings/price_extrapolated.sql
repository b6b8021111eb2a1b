-- Prices of other hardware than ran, which a configured speed factor makes comparable.
select
    'price_extrapolated' as code,
    'cost' as place,
    'info' as severity,
    cast(count(distinct provider || region || instance || tier) as varchar)
    || ' prices are of other hardware than ran, at a configured speed factor: '
    || 'their costs are extrapolations and are not ranked with measured ones' as what
from cost
where match = 'extrapolated'
having count(*) > 0

-- Prices of other hardware, of a model whose size nobody stated: it may not fit.
select
    'model_size_unknown' as code,
    model as place,
    'warning' as severity,
    cast(sum(prices) as varchar)
    || ' prices of other hardware have a cost, and whether the model fits into it is not known: '
    || 'its size stands neither in the runs nor in its name' as what
from price_match
where outcome = 'extrapolated' and model_bytes is null
group by model

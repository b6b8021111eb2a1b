-- Models with random weights: speed and energy are real, text is not.
select
    'weights_synthetic' as code,
    'model ' || model as place,
    'info' as severity,
    cast(count(*) as varchar) || ' runs used random weights of the model''s shape' as what
from run
where weights = 'synthetic'
group by model

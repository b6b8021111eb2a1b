-- One objective x mode x model x workload: what to take.
select
    d.*,
    m.label,
    coalesce(d.backend, 'can''t tell') as chosen,
    coalesce(d.price, '') as at,
    coalesce(d.runner_up, '') as next,
    array_to_string(d.excluded, ', ') as out
from decision as d
inner join mode_label as m on d.mode = m.mode and d.kv_cache = m.kv_cache
order by d.stated desc, d.objective, m.place, d.model, d.workload

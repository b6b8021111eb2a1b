-- One objective x model, in the mode that costs are about.
select
    d.*,
    replace(d.objective, '_', ' ') as wanted,
    coalesce(d.backend, 'can''t tell') as chosen,
    coalesce(d.runner_up, '') as next,
    array_to_string(d.excluded, '; ') as out
from decision as d
where d.workload = '*' and exists (
    select 1
    from headline as h
    where h.model = d.model and h.mode = d.mode and h.kv_cache = d.kv_cache
)
order by d.stated desc, d.objective, d.model

-- One row: the configured objective's decision in the mode that costs are about, of the model with the most backends.
select d.*, m.label as mode_name
from decision as d
inner join mode_label as m on d.mode = m.mode and d.kv_cache = m.kv_cache
inner join (
    select model, mode, kv_cache, count(*) as backends
    from headline
    group by model, mode, kv_cache
) as h on h.model = d.model and h.mode = d.mode and h.kv_cache = d.kv_cache
where d.stated and d.workload = '*'
order by h.backends desc, d.model
limit 1

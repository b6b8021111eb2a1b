-- One cell: whether it may be used; the worst first.
select
    v.*,
    v.usable as n,
    m.label,
    array_to_string(v.codes, ', ') as found,
    weakest_of('derived', coalesce(e.evidence, 'unknown')) as evidence
from verdict as v
left join cell_estimate as e
    on e.metric = 'latency_ms' and v.backend = e.backend and v.device = e.device and v.model = e.model and v.dtype = e.dtype
    and v.mode = e.mode and v.kv_cache = e.kv_cache and v.scenario = e.scenario
inner join mode_label as m on v.mode = m.mode and v.kv_cache = m.kv_cache
order by
    case v.verdict when 'fail' then 1 when 'warn' then 2 else 3 end,
    m.place,
    v.scenario,
    v.backend,
    v.device,
    v.dtype

-- One cell: whether it may be used; the worst first.
select
    v.*,
    v.usable as n,
    m.label,
    array_to_string(v.codes, ', ') as found,
    weakest_of('derived', coalesce(e.evidence, 'unknown')) as evidence
from verdict as v
left join cell_estimate as e on e.metric = 'latency_ms' and v.cell_id = e.cell_id
inner join mode_label as m on v.mode = m.mode and v.kv_cache = m.kv_cache
order by
    case v.verdict when 'fail' then 1 when 'warn' then 2 else 3 end,
    m.place,
    v.scenario,
    v.backend,
    v.device,
    v.dtype

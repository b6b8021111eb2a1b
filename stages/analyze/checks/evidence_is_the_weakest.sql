-- What is compared or chosen is known as weakly as each side of it.
with shown as (
    select 'comparison' as source, c.metric, c.evidence, r.evidence as parts
    from comparison as c
    inner join ranking as r
        on c.metric = r.metric and c.model = r.model and c.mode = r.mode and c.kv_cache = r.kv_cache
        and (c.a = r.backend or c.b = r.backend)
    union all
    select 'decision' as source, d.metric, d.evidence, r.evidence as parts
    from decision as d
    inner join ranking as r
        on d.metric = r.metric and d.model = r.model and d.mode = r.mode and d.kv_cache = r.kv_cache
        and (d.backend = r.backend or d.runner_up = r.backend)
    where d.workload = '*'
    union all
    select 'ranking' as source, r.metric, r.evidence, p.usd_evidence as parts
    from ranking as r
    inner join cell as l
        on r.model = l.model and r.mode = l.mode and r.kv_cache = l.kv_cache
        and (r.backend = l.backend or r.backend = concat(l.backend, ' (', l.device, ', ', l.dtype, ')'))
    inner join run_price as p on l.cell_id = p.cell_id
    where r.metric = 'total_usd_per_mtok' and p.total_usd_per_mtok is not null
)

select source, metric, evidence, parts, count(*) as n
from shown
where weakest_of(evidence, parts) <> evidence
group by source, metric, evidence, parts

-- Cells whose first run was slower than the others: caches, clocks or memory were not yet what they were later.
with placed as (
    select
        backend,
        mode,
        kv_cache,
        scenario,
        latency_ms,
        concat_ws('/', session_id, backend, device, model, dtype, mode, cast(kv_cache as varchar), scenario) as cell,
        row_number() over (
            partition by session_id, backend, device, model, dtype, mode, kv_cache, scenario
            order by "order" asc nulls last, repetition asc
        ) as place
    from run
    where status in ('ok', 'degraded') and latency_ms > 0
),

cold as (
    select
        backend,
        mode,
        kv_cache,
        100 * (avg(case when place = 1 then latency_ms end) / avg(case when place > 1 then latency_ms end) - 1) as above_pct
    from placed
    group by cell, backend, mode, kv_cache
    having count(*) > 2
)

select
    'first_run_cold' as code,
    c.backend || ' ' || c.mode || case when c.kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' cells the first run took longer than the mean of the others, by up to '
    || cast(round(max(c.above_pct), 1) as varchar) || ' %' as what
from cold as c
cross join config as g
where c.above_pct > g.max_first_run_pct
group by c.backend, c.mode, c.kv_cache

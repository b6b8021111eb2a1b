-- Cells whose runs resemble those before them: the session's cells together, or a cell's own where it has many.
select
    'runs_dependent' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' cells runs resemble those before them, worth as little as '
    || cast(round(min(effective_runs), 1) as varchar) || ' independent runs: intervals are wider by it' as what
from verdict
where array_has(codes, 'runs_dependent')
group by backend, mode, kv_cache

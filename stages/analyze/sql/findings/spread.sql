-- Cells whose runs scatter.
select
    'spread' as code,
    backend || ' ' || mode || case when kv_cache then ' cached ' else ' ' end || scenario as place,
    'warning' as severity,
    'latency of ' || cast(sum(usable) as varchar) || ' runs has a coefficient of variation of '
    || cast(round(max(cv_pct), 1) as varchar) || ' %' as what
from verdict
where array_has(codes, 'spread')
group by backend, mode, kv_cache, scenario

-- Cells whose log latencies are not normal by Shapiro and Wilk's test, adjusted over all cells by Benjamini and Hochberg.
select
    'not_normal' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar)
    || ' cells the logs of latency are not normal: look at the runs, there may be two speeds or a tail' as what
from verdict
where array_has(codes, 'not_normal')
group by backend, mode, kv_cache

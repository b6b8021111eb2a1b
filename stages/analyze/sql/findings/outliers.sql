-- Cells with a run too far from the others by Grubbs's test of log latencies, adjusted over all cells by Benjamini and Hochberg.
select
    'outliers' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    cast(sum(outliers) as varchar) || ' runs in ' || cast(count(*) as varchar)
    || ' cells lie farther from the others than chance puts them: they are kept' as what
from verdict
where array_has(codes, 'outliers')
group by backend, mode, kv_cache

-- Cells whose first run was slower than the others by more than matters and than chance explains, adjusted over all cells by Benjamini and
-- Hochberg: caches, clocks or memory were not yet what they were later.
select
    'first_run_cold' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' cells the first run took longer than the mean of the others, by up to '
    || cast(round(max(first_run_above_pct), 1) as varchar) || ' %' as what
from verdict
where array_has(codes, 'first_run_cold')
group by backend, mode, kv_cache

-- Cells with runs far from the median.
select
    'outliers' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    cast(sum(outliers) as varchar) || ' runs in ' || cast(count(*) as varchar)
    || ' cells have a modified z-score over ' || cast(max(max_outlier_z) as varchar) || ': they are kept' as what
from verdict
cross join config
where array_has(codes, 'outliers')
group by backend, mode, kv_cache

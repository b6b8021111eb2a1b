-- A cell whose runs scatter.
select
    'spread' as code,
    backend || ' ' || mode || case when kv_cache then ' cached ' else ' ' end || scenario as place,
    'warning' as severity,
    'latency of ' || cast(count(*) as varchar) || ' runs has a coefficient of variation of '
    || cast(round(100 * stddev_samp(value) / avg(value), 1) as varchar) || ' %' as what
from observation
cross join config
where metric = 'latency_ms'
group by backend, device, model, dtype, mode, kv_cache, scenario
having 100 * stddev_samp(value) / avg(value) > max(max_cv_pct)

-- One row: the runs of one cell around their median.
select
    min(latency_ms) / median(latency_ms) as least,
    max(latency_ms) / median(latency_ms) as most,
    100 * stddev_samp(latency_ms) / avg(latency_ms) as cv_pct,
    count(*) as n
from run
where status in ('ok', 'degraded') and latency_ms > 0 and {=backend, device, model, dtype, mode, kv_cache, scenario}

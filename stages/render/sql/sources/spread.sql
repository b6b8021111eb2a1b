-- One row: the runs of one cell around their median.
select
    min(f.latency_ms) / median(f.latency_ms) as least,
    max(f.latency_ms) / median(f.latency_ms) as most,
    100 * stddev_samp(f.latency_ms) / avg(f.latency_ms) as cv_pct,
    count(*) as n
from run_fact as f
inner join cell as c on f.cell_id = c.cell_id
where f.latency_ms > 0 and {=c.backend, c.device, c.model, c.dtype, c.mode, c.kv_cache, c.scenario}

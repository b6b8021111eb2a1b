-- One cell: how its runs lie around their median. Quantiles by t-digest (Dunning and Ertl 2019), ends are the extremes.
with cell as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        min(latency_ms) as least,
        approx_percentile_cont(latency_ms, 0.25) as lower,
        approx_percentile_cont(latency_ms, 0.75) as upper,
        max(latency_ms) as most,
        100 * stddev_samp(latency_ms) / avg(latency_ms) as cv_pct
    from run
    where status in ('ok', 'degraded') and latency_ms > 0
    group by backend, device, model, dtype, mode, kv_cache, scenario
)

select
    l.label as mode_name,
    l.place,
    b.name,
    c.scenario,
    c.backend,
    c.device,
    c.model,
    c.dtype,
    c.mode,
    c.kv_cache,
    m.n,
    c.least / m.middle as least,
    c.lower / m.middle as lower,
    1.0 as middle,
    c.upper / m.middle as upper,
    c.most / m.middle as most,
    c.cv_pct
from cell as c
inner join cell_middle as m
    on c.backend = m.backend and c.device = m.device and c.model = m.model and c.dtype = m.dtype and c.mode = m.mode
    and c.kv_cache = m.kv_cache and c.scenario = m.scenario
inner join mode_label as l on c.mode = l.mode and c.kv_cache = l.kv_cache
inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype

-- One cell: how its runs lie around their median. Quantiles by t-digest (Dunning and Ertl 2019), ends are the extremes.
with cell as (
    select
        r.backend,
        r.device,
        r.model,
        r.dtype,
        r.mode,
        r.kv_cache,
        r.scenario,
        min(r.latency_ms) as least,
        approx_percentile_cont(r.latency_ms, 0.25) as lower,
        approx_percentile_cont(r.latency_ms, 0.75) as upper,
        max(r.latency_ms) as most,
        100 * stddev_samp(r.latency_ms) / avg(r.latency_ms) as cv_pct,
        weakest(s.source) as evidence
    -- the small side first: it is the one that is kept in memory
    from session as s
    inner join run as r on s.session_id = r.session_id
    where r.status in ('ok', 'degraded') and r.latency_ms > 0
    group by r.backend, r.device, r.model, r.dtype, r.mode, r.kv_cache, r.scenario
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
    c.cv_pct,
    c.evidence
from cell as c
inner join cell_middle as m
    on c.backend = m.backend and c.device = m.device and c.model = m.model and c.dtype = m.dtype and c.mode = m.mode
    and c.kv_cache = m.kv_cache and c.scenario = m.scenario
inner join mode_label as l on c.mode = l.mode and c.kv_cache = l.kv_cache
inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype

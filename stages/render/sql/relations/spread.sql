-- One cell: how its runs lie around their median. Quantiles by t-digest (Dunning and Ertl 2019), ends are the extremes.
with spreading as (
    select
        cell_id,
        min(latency_ms) as least,
        approx_percentile_cont(latency_ms, 0.25) as lower,
        approx_percentile_cont(latency_ms, 0.75) as upper,
        max(latency_ms) as most,
        100 * stddev_samp(latency_ms) / avg(latency_ms) as cv_pct,
        weakest(time_evidence) as evidence
    from run_fact
    where latency_ms > 0
    group by cell_id
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
    s.least / m.middle as least,
    s.lower / m.middle as lower,
    1.0 as middle,
    s.upper / m.middle as upper,
    s.most / m.middle as most,
    s.cv_pct,
    s.evidence
from cell as c
inner join spreading as s on c.cell_id = s.cell_id
inner join cell_middle as m on c.cell_id = m.cell_id
inner join mode_label as l on c.mode = l.mode and c.kv_cache = l.kv_cache
inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype

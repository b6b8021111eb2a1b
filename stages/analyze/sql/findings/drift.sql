-- Backends that became slower or faster while a session went on: regression of log latency on the order of execution within cells
-- (analysis of covariance with the cell as factor), where the slope is not 0 at 95 %.
with finished as (
    select
        f.session_id,
        r.backend,
        f.cell_id as cell,
        cast(r."order" as double) as place,
        ln(f.latency_ms) as log_ms
    from run_fact as f
    inner join run as r on f.session_id = r.session_id and f.run_id = r.run_id
    where f.usable and f.latency_ms > 0 and r."order" is not null
),

centred as (
    select
        session_id,
        backend,
        cell,
        place,
        place - avg(place) over (partition by session_id, backend, cell) as x,
        log_ms - avg(log_ms) over (partition by session_id, backend, cell) as y
    from finished
),

fitted as (
    select
        session_id,
        backend,
        count(*) as runs,
        cast(count(*) - count(distinct cell) - 1 as double) as df,
        max(place) - min(place) as length,
        sum(x * y) / nullif(sum(x * x), 0) as slope,
        sum(x * x) as xx,
        sum(y * y) - sum(x * y) * sum(x * y) / nullif(sum(x * x), 0) as rest
    from centred
    group by session_id, backend
)

select
    'drift' as code,
    f.backend || ' in session ' || f.session_id as place,
    'warning' as severity,
    'over ' || cast(f.runs as varchar) || ' runs latency went by '
    || cast(round(100 * (exp(f.slope * f.length) - 1), 1) as varchar) || ' %' as what
from fitted as f
cross join config as c
where
    f.df > 0
    and abs(exp(f.slope * f.length) - 1) * 100 > c.max_drift_pct
    and abs(f.slope) > student_t_quantile(0.975, f.df) * sqrt(greatest(f.rest, 0) / f.df / f.xx)

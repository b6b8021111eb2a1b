-- Runs that failed, were skipped or were measured under a fault. An error where a cell has more of them than is allowed.
with cell as (
    select
        *,
        100.0 * sum(case when status in ('failed', 'skipped') then 1 else 0 end)
            over (partition by backend, model, mode, kv_cache, scenario)
        / count(*) over (partition by backend, model, mode, kv_cache, scenario) as missing_pct
    from run
)

select
    'run_' || c.status as code,
    c.backend || ': ' || coalesce(c.reason, 'no reason') as place,
    case when c.status <> 'degraded' and max(c.missing_pct) > max(g.max_failed_pct) then 'error' else 'warning' end as severity,
    cast(count(*) as varchar) || ' runs ' || c.status as what
from cell as c
cross join config as g
where c.status <> 'ok'
group by c.status, c.backend, c.reason

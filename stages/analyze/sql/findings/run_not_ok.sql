-- Runs that failed, were skipped or were measured under a fault.
select
    'run_' || status as code,
    backend || ': ' || coalesce(reason, 'no reason') as place,
    case when status = 'degraded' then 'warning' else 'error' end as severity,
    cast(count(*) as varchar) || ' runs ' || status as what
from run
where status <> 'ok'
group by status, backend, reason

-- Cells whose interval is wider than wanted, and the runs that would narrow it.
select
    'interval_wide' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' cells the interval of latency reaches up to '
    || cast(round(max(half_width_pct), 1) as varchar) || ' % to each side, more than the '
    || cast(max(wanted_interval_pct) as varchar) || ' % wanted: up to ' || cast(max(runs_needed) as varchar)
    || ' runs would do, with the spread seen' as what
from verdict
cross join config
where array_has(codes, 'interval_wide')
group by backend, mode, kv_cache

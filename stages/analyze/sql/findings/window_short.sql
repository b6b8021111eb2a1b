-- Runs whose window is too short to trust a clock's and a sensor's readings in it.
select
    'window_short' as code,
    r.backend || ' ' || r.mode || case when r.kv_cache then ' cached' else '' end as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' runs were timed for less than ' || cast(max(c.min_window_ms) as varchar) || ' ms, at least '
    || cast(round(min(cast(r.end_ns - r.start_ns as double)) / 1e6, 1) as varchar) || ' ms' as what
from run as r
cross join config as c
left semi join (select session_id, run_id from run_fact where usable) as f on r.session_id = f.session_id and r.run_id = f.run_id
where cast(r.end_ns - r.start_ns as double) / 1e6 < c.min_window_ms
group by r.backend, r.mode, r.kv_cache

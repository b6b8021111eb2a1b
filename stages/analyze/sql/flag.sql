-- One run x check that found something in it. What each check says stands in the finding of the same code.
with total as (
    select * from run_energy where device_id = 'total'
),

device as (
    select * from run_energy where device_id <> 'total'
),

timed as (
    select *, cast(end_ns - start_ns as double) / 1e6 as window_ms
    from run
    where status in ('ok', 'degraded')
)

select session_id, run_id, 'run_' || status as code from run where status <> 'ok'
union all
select r.session_id, r.run_id, 'contention' as code from run as r cross join config as c where r.other_cpu_pct > c.max_other_cpu_pct
union all
select e.session_id, e.run_id, 'counter_against_integral' as code
from device as e
cross join config as c
where e.energy_counter_j > 0 and abs(e.energy_integral_j / e.energy_counter_j - 1) * 100 > c.max_counter_gap_pct
union all
select session_id, run_id, 'energy_estimated' as code from total where evidence = 'estimated'
union all
select session_id, run_id, 'energy_net_negative' as code from total where energy_net_j < 0
union all
select session_id, run_id, 'energy_unknown' as code from total where not valid
union all
select session_id, run_id, 'output_shortened' as code from timed where tokens_generated < new_tokens_asked * batch
union all
select session_id, run_id, 'threads_exceeded' as code from run where cores_busy > threads + 0.5
union all
select e.session_id, e.run_id, 'throttled' as code
from device as e
cross join config as c
where e.throttled_pct > c.max_throttled_pct
union all
select r.session_id, r.run_id, 'warmup_unsteady' as code from run as r cross join config as c where r.warmup_cv_pct > c.max_cv_pct
union all
select t.session_id, t.run_id, 'window_short' as code from timed as t cross join config as c where t.window_ms < c.min_window_ms

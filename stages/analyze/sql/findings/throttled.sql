-- Devices that held their clocks down for heat or power while runs were timed.
select
    'throttled' as code,
    'sensor ' || e.device_id as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' runs had more than ' || cast(max(c.max_throttled_pct) as varchar)
    || ' % of their readings throttled, at most ' || cast(round(max(e.throttled_pct), 1) as varchar)
    || ' %: they are slower than the device can be' as what
from run_energy as e
cross join config as c
where e.throttled_pct > c.max_throttled_pct and e.device_id <> 'total'
group by e.device_id

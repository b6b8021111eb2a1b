-- A run that used less than the idle baseline.
select
    'energy_net_negative' as code,
    'scope ' || scope as place,
    'warning' as severity,
    cast(count(*) as varchar)
    || ' runs used less energy than the idle baseline: the baseline was not idle, or the window is too short' as what
from run_energy
where device_id = 'total' and energy_net_j < 0
group by scope

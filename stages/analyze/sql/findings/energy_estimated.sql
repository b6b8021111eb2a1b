-- Energy that no sensor measured.
select
    'energy_estimated' as code,
    'scope ' || scope as place,
    'warning' as severity,
    'energy of ' || cast(count(*) as varchar) || ' runs is an estimate from processor utilisation, not a measurement: '
    || 'do not rank backends by it' as what
from run_energy
where device_id = 'total' and evidence = 'estimated'
group by scope

-- Energy that is null, by reason.
select
    'energy_unknown' as code,
    'scope ' || scope || ': ' || reasons as place,
    'warning' as severity,
    'energy of ' || cast(count(*) as varchar) || ' runs is not known' as what
from run_energy
where device_id = 'total' and not valid
group by scope, reasons

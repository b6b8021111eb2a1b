-- A power source that was asked for and is not on this machine.
select
    'sensor_unavailable' as code,
    why as place,
    'info' as severity,
    'not sampled in ' || cast(count(*) as varchar) || ' sessions' as what
from (select unnest(sensors_unavailable) as why from session where sensors_unavailable is not null)
group by why

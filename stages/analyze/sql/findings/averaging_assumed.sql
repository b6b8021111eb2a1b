-- Sensors that average over a time which nobody states and the runs do not show.
select
    'averaging_assumed' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'info' as severity,
    'taken to average its power over ' || round(max(averaging_ms), 1)
    || ' ms, which neither the log nor the pattern of the runs confirms: energies have the difference to none in their error, '
    || '--averages-over states it' as what
from alignment
where averaging_from = 'assumed'
group by device_id, kind

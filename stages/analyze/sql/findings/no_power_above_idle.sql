-- Sensors that do not see the runs: another device, another machine, or a clock that is far off.
select
    'no_power_above_idle' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'warning' as severity,
    'power is no higher in the ' || runs || ' runs than between them (' || round(step_w, 1)
    || ' W): the log may be of another device, or of another time' as what
from alignment
where reason = 'power is no higher in runs than between them'

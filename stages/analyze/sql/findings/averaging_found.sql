-- Sensors whose averaging time was found from how their power follows the runs.
select
    'averaging_found' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'info' as severity,
    'averages its power over about ' || round(max(averaging_ms), 1)
    || ' ms, as its power follows the runs: energies are corrected for it' as what
from alignment
where averaging_from = 'found'
group by device_id, kind

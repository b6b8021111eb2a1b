-- Logs whose clock nothing ties to that of the runs.
select
    'clock_assumed' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'info' as severity,
    'its clock is assumed to be within ' || round(max(offset_high_ms), 1) || ' ms of that of the runs (' || max(reason)
    || '): energies have that in their error, [join-telemetry] clock_error_ms sets it' as what
from alignment
where method = 'assumed'
group by device_id, kind

-- Sensors that were there and failed to be read now and then, or for good.
with failing as (
    select
        source,
        device_id,
        kind,
        last_error,
        sum(errors) over (partition by source, device_id, kind) as errors,
        sum(readings) over (partition by source, device_id, kind) as readings,
        row_number() over (partition by source, device_id, kind order by session_id desc) as place
    from sensor
    where errors > 0
)

select
    'sensor_errors' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'warning' as severity,
    cast(errors as varchar) || ' readings of ' || source || ' failed beside ' || cast(readings as varchar)
    || ' that did not, the last with: ' || coalesce(last_error, 'no reason') as what
from failing
where place = 1

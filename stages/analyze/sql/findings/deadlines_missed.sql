-- Sources that were not read when they should have been. Every sensor of a source carries the source's count.
with source_of as (
    select session_id, source, max(missed) as missed, max(readings) as readings
    from sensor
    where missed > 0
    group by session_id, source
)

select
    'deadlines_missed' as code,
    'source ' || source as place,
    'info' as severity,
    cast(sum(missed) as varchar) || ' deadlines passed unread beside ' || cast(sum(readings) as varchar)
    || ' readings: gaps are wider there' as what
from source_of
group by source

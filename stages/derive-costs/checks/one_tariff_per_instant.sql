-- Exactly one tariff and one intensity hold at an instant: intervals of a region do not overlap.
with interval_of as (
    select 'grid' as source, region, start_ns, end_ns from grid
    union all
    select 'tariff' as source, region, start_ns, end_ns from tariff_hour
),

followed as (
    select *, lead(start_ns) over (partition by source, region order by start_ns) as next_ns
    from interval_of
)

select source, region, start_ns, end_ns, next_ns
from followed
where end_ns <= start_ns or next_ns < end_ns

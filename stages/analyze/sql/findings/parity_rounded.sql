-- Backends whose greedy tokens leave the reference's: they compute in fewer bits, as an exact one would have been refused.
with compared as (
    select backend, regexp_match(parity, '([0-9]+) of ([0-9]+) greedy tokens the same') as counts
    from run
),

rounded as (
    select backend, counts[1] || ' of ' || counts[2] as same, count(*) as runs
    from compared
    where counts[1] <> counts[2]
    group by backend, counts[1], counts[2]
)

select
    'parity_rounded' as code,
    backend as place,
    'info' as severity,
    cast(sum(runs) as varchar) || ' runs computed in fewer bits than the reference: ' || string_agg(same, ', ' order by same)
    || ' greedy tokens are the same' as what
from rounded
group by backend

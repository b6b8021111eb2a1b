-- One row: the session with the most readings, from its first reading to the end of its 200th run, and the length of a bin.
with busiest as (
    select session_id, count(*) as readings, min(t_ns) as from_ns, max(t_ns) as until_ns
    from power_sample
    group by session_id
    order by readings desc, session_id
    limit 1
),

early as (
    select r.session_id, r.start_ns, r.end_ns
    from busiest as b
    inner join run as r on b.session_id = r.session_id
    where r.end_ns is not null
    order by r.start_ns
    limit 200
),

last as (
    select session_id, count(*) as runs, max(end_ns) as until_ns
    from early
    group by session_id
)

select
    b.session_id,
    b.from_ns,
    case when l.runs = 200 then least(b.until_ns, l.until_ns) else b.until_ns end as until_ns
from busiest as b
left join last as l on b.session_id = l.session_id

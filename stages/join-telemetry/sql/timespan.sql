-- One span of time whose energy is wanted: a run, an idle baseline of a session, or what lies right before and after some of the
-- runs, in several lengths, where idle power is looked for.
with timed as (
    select
        session_id,
        run_id,
        start_ns,
        end_ns,
        row_number() over (partition by session_id order by start_ns, run_id) as place,
        count(*) over (partition by session_id) as runs
    from run
    where start_ns is not null and end_ns > start_ns
),

around as (
    select t.session_id, t.run_id, t.start_ns, t.end_ns, l.length_ns
    from timed as t
    cross join (values (250000000), (500000000), (1000000000), (2000000000), (4000000000), (8000000000), (32000000000)) as l (length_ns)
    -- Some hundred of them.
    where t.place % (t.runs / 200 + 1) = 0
)

select session_id, run_id as span_id, 'run' as purpose, start_ns, end_ns
from run
where start_ns is not null and end_ns is not null
union all
select session_id, 'idle_before' as span_id, 'idle' as purpose, idle_before_start_ns as start_ns, idle_before_end_ns as end_ns
from session
where idle_before_start_ns is not null and idle_before_end_ns is not null
union all
select session_id, 'idle_after' as span_id, 'idle' as purpose, idle_after_start_ns as start_ns, idle_after_end_ns as end_ns
from session
where idle_after_start_ns is not null and idle_after_end_ns is not null
union all
select
    session_id,
    concat('before ', run_id, ' ', length_ns) as span_id,
    'around' as purpose,
    start_ns - length_ns as start_ns,
    start_ns as end_ns
from around
union all
select
    session_id,
    concat('after ', run_id, ' ', length_ns) as span_id,
    'around' as purpose,
    end_ns as start_ns,
    end_ns + length_ns as end_ns
from around

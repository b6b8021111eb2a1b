-- One span of time whose energy is wanted: a run, or an idle baseline of a session.
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

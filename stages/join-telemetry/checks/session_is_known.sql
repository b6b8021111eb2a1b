-- Runs, sensors and readings are of sessions in session: tables of two measurements do not meet.
select t.session_id, min(t.of) as found_in
from (
    select session_id, 'run' as of from run group by session_id
    union all
    select session_id, 'sensor' as of from sensor group by session_id
    union all
    select session_id, 'power_sample' as of from power_sample group by session_id
) as t
left anti join session as s on t.session_id = s.session_id
group by t.session_id

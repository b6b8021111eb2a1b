-- One session: the machine and what ran on it.
select *, nullif(concat_ws(' ', provider, instance), '') as ran_as
from session
order by started_ns, session_id
limit 50

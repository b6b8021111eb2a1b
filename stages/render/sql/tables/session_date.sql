-- One session: when, whether here or elsewhere, and on which processor.
select started_ns, source, cpu
from session
order by started_ns nulls last, session_id

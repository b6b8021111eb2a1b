-- One row: the session.
select *
from session
where {=session_id}

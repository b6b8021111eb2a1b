-- A run that was timed has energy rows, if only to say that its energy is not known; so has one that finished at unknown times.
select r.session_id, r.run_id
from run as r
inner join run_window as w on r.session_id = w.session_id and r.run_id = w.run_id
left anti join run_energy as e on r.session_id = e.session_id and r.run_id = e.run_id
where r.start_ns is not null and r.end_ns is not null or w.usable

-- Every run has one row of facts, of the cell whose columns are the run's.
select r.session_id, r.run_id, f.cell_id
from run as r
left join run_fact as f on r.session_id = f.session_id and r.run_id = f.run_id
left join cell as c
    on f.cell_id = c.cell_id and r.backend = c.backend and r.device = c.device and r.model = c.model and r.dtype = c.dtype
    and r.mode = c.mode and r.kv_cache = c.kv_cache and r.scenario = c.scenario
where c.cell_id is null

-- Energy of every scope, and why there is none.
select
    r.backend,
    r.mode,
    e.scope,
    count(*) as cells,
    count(e.energy_gross_j) as cells_with_energy,
    min(e.reasons) as reason
from run_energy as e
inner join run as r on e.session_id = r.session_id and e.run_id = r.run_id
where e.device_id = 'total'
group by r.backend, r.mode, e.scope
order by r.mode, r.backend, e.scope

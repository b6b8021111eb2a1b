-- A run's energy is that of the scopes that it names, and a node sensor, which covers the others, is added to none.
with named as (
    select f.session_id, f.run_id, sum(e.energy_gross_j) as energy_gross_j
    from run_fact as f
    inner join run_energy as e
        on f.session_id = e.session_id and f.run_id = e.run_id
        and strpos('+' || f.energy_scope || '+', '+' || e.scope || '+') > 0
    where e.device_id = 'total'
    group by f.session_id, f.run_id
)

select f.session_id, f.run_id, f.energy_scope, f.energy_gross_j, n.energy_gross_j as named
from run_fact as f
left join named as n on f.session_id = n.session_id and f.run_id = n.run_id
where
    (f.energy_scope is null) <> (f.energy_gross_j is null)
    or strpos('+' || f.energy_scope || '+', '+node+') > 0 and f.energy_scope <> 'node'
    or not coalesce(abs(f.energy_gross_j - n.energy_gross_j) <= 1e-9 * abs(n.energy_gross_j), f.energy_gross_j is null)

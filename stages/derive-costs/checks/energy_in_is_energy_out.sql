-- The runs' joules are the cells' kWh: energy per token times tokens gives back what the sensors counted.
with counted as (
    select
        u.cell_id,
        u.basis,
        count(*) as runs,
        sum(f.energy_gross_j / 3.6e6 / (u.window_s / 3600) * u.hours_per_mtok) as kwh
    from run_unit as u
    left join run_fact as f on u.session_id = f.session_id and u.run_id = f.run_id
    group by u.cell_id, u.basis
    having count(f.energy_gross_j) = count(*)
)

select c.backend, c.mode, c.kv_cache, c.scenario, t.basis, t.kwh, c.kwh_per_mtok * t.runs as told
from counted as t
inner join cell_unit as c on t.cell_id = c.cell_id and t.basis = c.basis
where c.kwh_per_mtok is null or abs(t.kwh - c.kwh_per_mtok * t.runs) > 1e-9 * abs(t.kwh)

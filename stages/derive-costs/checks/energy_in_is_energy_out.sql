-- The runs' joules are the cells' kWh: energy per token times tokens gives back what the sensors counted.
with counted as (
    select
        u.backend,
        u.device,
        u.model,
        u.dtype,
        u.mode,
        u.kv_cache,
        u.scenario,
        u.basis,
        count(*) as runs,
        sum(e.energy_j / 3.6e6 / (u.window_s / 3600) * u.hours_per_mtok) as kwh
    from run_unit as u
    left join run_energy_used as e on u.session_id = e.session_id and u.run_id = e.run_id
    group by u.backend, u.device, u.model, u.dtype, u.mode, u.kv_cache, u.scenario, u.basis
    having count(e.energy_j) = count(*)
)

select t.backend, t.mode, t.kv_cache, t.scenario, t.basis, t.kwh, c.kwh_per_mtok * t.runs as told
from counted as t
inner join cell_unit as c
    on t.backend = c.backend and t.device = c.device and t.model = c.model and t.dtype = c.dtype and t.mode = c.mode
    and t.kv_cache = c.kv_cache and t.scenario = c.scenario and t.basis = c.basis
where c.kwh_per_mtok is null or abs(t.kwh - c.kwh_per_mtok * t.runs) > 1e-9 * abs(t.kwh)

-- One finished run x scope whose energy an import states, where no sensor gives it. It counts as it was told, without an error.
with stated as (
    select session_id, run_id, 'gpu' as scope, reported_gpu_j as energy_j from run
    union all
    select session_id, run_id, 'cpu_package' as scope, reported_cpu_package_j as energy_j from run
    union all
    select session_id, run_id, 'dram' as scope, reported_dram_j as energy_j from run
    union all
    select session_id, run_id, 'node' as scope, reported_node_j as energy_j from run
)

select
    s.session_id,
    s.run_id,
    s.scope,
    s.energy_j,
    s.energy_j * 1e3 / nullif(r.latency_ms * r.iterations, 0) as mean_power_w
from stated as s
inner join run as r on s.session_id = r.session_id and s.run_id = r.run_id
left anti join (select * from total_energy where valid) as t
    on s.session_id = t.session_id and s.run_id = t.run_id and s.scope = t.scope
left semi join (select session_id, run_id from run_window where usable) as w
    on s.session_id = w.session_id and s.run_id = w.run_id
where s.energy_j is not null

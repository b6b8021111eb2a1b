-- One row per run: what the peers compute too.
select
    run_id,
    energy_j,
    energy_j / (cast(end_ns - start_ns as double) / 1e9) as mean_power_w,
    samples as n_samples,
    case when bracketed then max_gap_ns end as max_gap_ns,
    case when bracketed then mean_temperature_c end as mean_temp_c,
    case when bracketed then max_memory_mb end as max_mem_mb,
    bracketed,
from energy_join(
    (select device_id, t_ns, power_w, temp_c as temperature_c, mem_mb as memory_mb from samples),
    (select run_id, device_id, start_ns, end_ns from runs)
)

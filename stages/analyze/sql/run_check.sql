-- One run: its energy over the scopes that its costs count (all, where it has none) and in each, and what is to be checked of its
-- sensors. A node sensor covers the other scopes, so where it is valid it counts alone, as it does in the costs.
with scope as (
    select backend, device, model, dtype, mode, kv_cache, scenario, '+' || max(energy_scope) || '+' as scopes
    from cost
    group by backend, device, model, dtype, mode, kv_cache, scenario
),

used as (
    select e.*, s.scopes is null or strpos(s.scopes, '+' || e.scope || '+') > 0 as counts
    -- the small side first: it is the one that is kept in memory
    from scope as s
    right join run as r
        on s.backend = r.backend and s.device = r.device and s.model = r.model and s.dtype = r.dtype and s.mode = r.mode
        and s.kv_cache = r.kv_cache and s.scenario = r.scenario
    inner join run_energy as e on r.session_id = e.session_id and r.run_id = e.run_id
),

summed as (
    select
        session_id,
        run_id,
        bool_or(scope = 'node' and valid) filter (where device_id = 'total' and counts) as has_node,
        bool_and(valid) filter (where device_id = 'total' and counts) as all_valid,
        sum(energy_gross_j) filter (where device_id = 'total' and counts) as gross_j,
        sum(energy_net_j) filter (where device_id = 'total' and counts) as net_j,
        -- errors of different sensors are not taken to cancel
        sum(energy_error_j) filter (where device_id = 'total' and counts) as error_j,
        sum(mean_power_w) filter (where device_id = 'total' and counts) as gross_w,
        sum(decode_j_per_token) filter (where device_id = 'total' and counts) as decode_j,
        count(*) filter (where device_id = 'total' and counts and decode_j_per_token is null) as decode_unknown,
        weakest(evidence) filter (where device_id = 'total' and counts) as used_evidence,
        weakest(evidence) filter (where device_id = 'total' and scope = 'node') as node_evidence,
        max(energy_gross_j) filter (where device_id = 'total' and scope = 'gpu' and valid) as gpu_j,
        max(energy_gross_j) filter (where device_id = 'total' and scope = 'cpu_package' and valid) as cpu_package_j,
        max(energy_gross_j) filter (where device_id = 'total' and scope = 'dram' and valid) as dram_j,
        max(energy_gross_j) filter (where device_id = 'total' and scope = 'node' and valid) as node_j,
        max(energy_net_j) filter (where device_id = 'total' and scope = 'node') as node_net_j,
        max(energy_error_j) filter (where device_id = 'total' and scope = 'node') as node_error_j,
        max(mean_power_w) filter (where device_id = 'total' and scope = 'node') as node_w,
        max(decode_j_per_token) filter (where device_id = 'total' and scope = 'node') as node_decode_j,
        bool_or(evidence = 'estimated') filter (where device_id = 'total') as energy_estimated,
        bool_or(energy_net_j < 0) filter (where device_id = 'total') as energy_net_negative,
        bool_or(not valid) filter (where device_id = 'total') as energy_unknown,
        max(throttled_pct) filter (where device_id <> 'total') as throttled_pct,
        max(abs(energy_integral_j / energy_counter_j - 1) * 100)
            filter (where device_id <> 'total' and energy_counter_j > 0) as counter_gap_pct
    from used
    group by session_id, run_id
)

select
    session_id,
    run_id,
    case when has_node then node_j when all_valid then gross_j end as gross_j,
    case when has_node then node_net_j when all_valid then net_j end as net_j,
    case when has_node then node_error_j when all_valid then error_j end as error_j,
    case when has_node then node_w when all_valid then gross_w end as gross_w,
    case when has_node then node_decode_j when decode_unknown = 0 then decode_j end as decode_j,
    coalesce(case when has_node then node_evidence else used_evidence end, 'unknown') as energy_evidence,
    gpu_j,
    cpu_package_j,
    dram_j,
    node_j,
    energy_estimated,
    energy_net_negative,
    energy_unknown,
    throttled_pct,
    counter_gap_pct
from summed

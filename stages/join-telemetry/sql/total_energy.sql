-- One run x scope: the sum over its sensors. It leaves out an estimate where the same scope was measured, and is null unless
-- all its parts are known.
with part as (
    select
        *,
        bool_or(valid and evidence <> 'estimated') over (partition by session_id, run_id, scope) as has_measured
    from sensor_energy
),

-- With a measured sensor beside it an estimate does not count, and neither does its failure.
counted as (
    select * from part
    where not has_measured or evidence <> 'estimated'
)

select
    session_id,
    run_id,
    scope,
    'total' as device_id,
    case when bool_and(valid) then sum(energy_gross_j) end as energy_gross_j,
    -- Edges and clocks are the same for all sensors, so errors are not taken to cancel.
    case when bool_and(valid) then sum(energy_error_j) end as energy_error_j,
    case when count(idle_j) = count(*) then sum(idle_j) end as idle_j,
    case when bool_and(valid) and count(idle_j) = count(*) then sum(energy_net_j) end as energy_net_j,
    case when bool_and(valid) then sum(mean_power_w) end as mean_power_w,
    case when count(*) = 1 then min(min_power_w) end as min_power_w,
    case when count(*) = 1 then max(max_power_w) end as max_power_w,
    case when count(energy_counter_j) = count(*) then sum(energy_counter_j) end as energy_counter_j,
    case when count(energy_integral_j) = count(*) then sum(energy_integral_j) end as energy_integral_j,
    min(samples) as samples,
    min(coverage_pct) as coverage_pct,
    max(max_gap_ns) as max_gap_ns,
    avg(mean_temperature_c) as mean_temperature_c,
    sum(max_memory_mb) as max_memory_mb,
    max(throttled_pct) as throttled_pct,
    weakest(evidence) as evidence,
    bool_and(valid) as valid,
    max(reasons) as reasons
from counted
group by session_id, run_id, scope

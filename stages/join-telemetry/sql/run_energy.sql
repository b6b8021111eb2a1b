-- One run x sensor, one row `total` per run x scope, and for a run that no sensor saw one row that says so.
-- A total leaves out an estimate where the same scope was measured; it is null unless all its parts are known.
with strength as (
    select
        *,
        case evidence
            when 'measured_counter' then 1
            when 'measured_integral' then 2
            when 'imported' then 3
            when 'estimated' then 4
            else 5
        end as weakness
    from sensor_energy
),

part as (
    select
        *,
        min(case when valid then weakness end) over (partition by session_id, run_id, scope) as best
    from strength
),

-- With a measured sensor beside it an estimate does not count, and neither does its failure.
counted as (
    select * from part
    where best is null or best = 4 or evidence <> 'estimated'
),

total as (
    select
        session_id,
        run_id,
        scope,
        'total' as device_id,
        case when bool_and(valid) then sum(energy_gross_j) end as energy_gross_j,
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
        case max(weakness)
            when 1 then 'measured_counter'
            when 2 then 'measured_integral'
            when 3 then 'imported'
            when 4 then 'estimated'
            else 'unknown'
        end as evidence,
        bool_and(valid) as valid,
        max(reasons) as reasons
    from counted
    group by session_id, run_id, scope
),

unseen as (
    select
        s.session_id,
        s.span_id as run_id,
        'node' as scope,
        'total' as device_id,
        cast(null as double) as energy_gross_j,
        cast(null as double) as idle_j,
        cast(null as double) as energy_net_j,
        cast(null as double) as mean_power_w,
        cast(null as double) as min_power_w,
        cast(null as double) as max_power_w,
        cast(null as double) as energy_counter_j,
        cast(null as double) as energy_integral_j,
        0 as samples,
        0.0 as coverage_pct,
        cast(null as bigint) as max_gap_ns,
        cast(null as double) as mean_temperature_c,
        cast(null as double) as max_memory_mb,
        cast(null as double) as throttled_pct,
        'unknown' as evidence,
        false as valid,
        'no power sensor in this session' as reasons
    from timespan as s
    left anti join sensor_energy as e on s.session_id = e.session_id and s.span_id = e.run_id
    where s.purpose = 'run'
),

sensor as (
    select * from sensor_energy
)

select * from sensor
union all
select * from total
union all
select * from unseen

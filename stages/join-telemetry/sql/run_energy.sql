-- One run x sensor, one row `total` per run x scope, and for a run that no sensor saw one row that says so.
with unseen as (
    select
        s.session_id,
        s.span_id as run_id,
        'node' as scope,
        'total' as device_id,
        cast(null as double) as energy_gross_j,
        cast(null as double) as energy_error_j,
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

total as (
    select t.*, d.decode_j_per_token
    from total_energy as t
    left join decode_energy as d on t.session_id = d.session_id and t.run_id = d.run_id and t.scope = d.scope
)

select *, cast(null as double) as decode_j_per_token from sensor_energy
union all
select * from total
union all
select *, cast(null as double) as decode_j_per_token from unseen

-- One run x sensor, one row `total` per run x scope, and for a run of which nothing is known one row that says so.
with nothing as (
    select s.session_id, s.span_id as run_id, 'no power sensor in this session' as reasons
    from timespan as s
    left anti join sensor_energy as e on s.session_id = e.session_id and s.span_id = e.run_id
    where s.purpose = 'run'
    union all
    select r.session_id, r.run_id, 'no clock times of this run, so no reading belongs to it' as reasons
    from run as r
    left semi join (select session_id, run_id from run_window where usable) as w
        on r.session_id = w.session_id and r.run_id = w.run_id
    where r.start_ns is null or r.end_ns is null
),

unseen as (
    select
        n.session_id,
        n.run_id,
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
        n.reasons
    from nothing as n
    left anti join reported_energy as r on n.session_id = r.session_id and n.run_id = r.run_id
),

reported as (
    select
        session_id,
        run_id,
        scope,
        'total' as device_id,
        energy_j as energy_gross_j,
        cast(null as double) as energy_error_j,
        cast(null as double) as idle_j,
        cast(null as double) as energy_net_j,
        mean_power_w,
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
        'imported' as evidence,
        true as valid,
        cast(null as varchar) as reasons
    from reported_energy
),

total as (
    select t.*, d.decode_j_per_token
    from total_energy as t
    left join decode_energy as d on t.session_id = d.session_id and t.run_id = d.run_id and t.scope = d.scope
    left anti join reported_energy as r on t.session_id = r.session_id and t.run_id = r.run_id and t.scope = r.scope
)

select *, cast(null as double) as decode_j_per_token from sensor_energy
union all
select * from total
union all
select *, cast(null as double) as decode_j_per_token from unseen
union all
select *, cast(null as double) as decode_j_per_token from reported

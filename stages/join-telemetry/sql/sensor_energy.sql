-- One run x sensor: gross, idle and net energy side by side.
with gross as (
    select
        s.*,
        case when s.reasons is null then s.energy_j end as energy_gross_j,
        case when s.reasons is null then s.energy_error_j end as error_j,
        i.idle_w * cast(s.length_ns as double) / 1e9 as idle_j
    from sensor_span as s
    left join idle_power as i on s.session_id = i.session_id and s.device_id = i.device_id
    where s.purpose = 'run'
)

select
    g.session_id,
    g.span_id as run_id,
    g.scope,
    g.device_id,
    g.energy_gross_j,
    g.error_j as energy_error_j,
    g.idle_j,
    g.energy_gross_j - g.idle_j as energy_net_j,
    g.energy_gross_j / nullif(cast(g.length_ns as double) / 1e9, 0) as mean_power_w,
    g.min_power_w,
    g.max_power_w,
    g.energy_counter_j,
    g.energy_integral_j,
    g.samples,
    coalesce(100 * g.covered_ns / nullif(cast(g.length_ns as double), 0), 0) as coverage_pct,
    g.max_gap_ns,
    g.mean_temperature_c,
    g.max_memory_mb,
    g.throttled_pct,
    case
        when g.reasons is not null then 'unknown'
        when g.is_model then 'estimated'
        when n.source = 'imported' then 'imported'
        when g.is_counted then 'measured_counter'
        else 'measured_integral'
    end as evidence,
    g.reasons is null as valid,
    g.reasons
from gross as g
inner join session as n on g.session_id = n.session_id

-- One span x sensor of its session x kind of reading, whether the sensor said anything then or not.
select
    session_id,
    span_id,
    purpose,
    start_ns,
    end_ns,
    device_id,
    scope,
    kind,
    energy_j,
    edge_error_j,
    energy_error_j - edge_error_j as sampling_error_j,
    sampling_se_j,
    sampling_df,
    start_power_w,
    start_pair_ns,
    start_share,
    end_power_w,
    end_pair_ns,
    end_share,
    covered_ns,
    was_reset,
    samples,
    max_gap_ns,
    min_power_w,
    max_power_w,
    mean_temperature_c,
    max_memory_mb,
    throttled_pct
from energy_join(
    (
        select
            session_id, device_id, scope, kind, t_ns, power_w, energy_j, energy_range_j, temperature_c, memory_mb, throttled
        from power_sample
    ),
    (select session_id, span_id, purpose, start_ns, end_ns from timespan)
)
where device_id is not null

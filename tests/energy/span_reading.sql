-- One span x sensor: its readings inside [start, end). A sensor read in several ways at one instant was read once.
with inside as (
    select
        s.session_id,
        s.span_id,
        p.device_id,
        p.t_ns,
        max(p.power_w) as power_w,
        max(p.temperature_c) as temperature_c,
        max(p.memory_mb) as memory_mb,
        max(case when p.throttled then 1.0 when not p.throttled then 0.0 end) as throttled
    from timespan as s
    inner join power_sample as p
        on s.session_id = p.session_id and p.t_ns >= s.start_ns and p.t_ns < s.end_ns
    where p.power_w is not null or p.energy_j is not null
    group by s.session_id, s.span_id, p.device_id, p.t_ns
)

select
    session_id,
    span_id,
    device_id,
    count(*) as samples,
    min(power_w) as min_power_w,
    max(power_w) as max_power_w,
    avg(temperature_c) as mean_temperature_c,
    max(memory_mb) as max_memory_mb,
    avg(throttled) * 100 as throttled_pct
from inside
group by session_id, span_id, device_id

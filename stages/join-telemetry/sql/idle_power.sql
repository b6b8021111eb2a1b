-- One sensor of a session: mean power over its usable idle baselines.
select
    session_id,
    device_id,
    sum(coalesce(energy_counter_j, energy_integral_j)) / (sum(cast(length_ns as double)) / 1e9) as idle_w
from sensor_span
where purpose = 'idle' and reasons is null
group by session_id, device_id

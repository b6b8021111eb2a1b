-- One sensor of a session: mean power over its usable idle baselines.
select
    session_id,
    device_id,
    sum(energy_j) / (sum(cast(length_ns as double)) / 1e9) as idle_w
from sensor_span
where purpose = 'idle' and reasons is null
group by session_id, device_id

-- The mean power of an integral lies between zero and twice the largest reading inside the window or around its ends.
select session_id, span_id, device_id, energy_integral_j, highest_w
from sensor_span
where
    reasons is null and not is_counted and highest_w > 0
    and (energy_integral_j < -energy_error_j or energy_integral_j > 2 * highest_w * cast(length_ns as double) / 1e9 + energy_error_j)

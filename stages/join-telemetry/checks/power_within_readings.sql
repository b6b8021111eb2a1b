-- The mean power of an integral lies between zero and twice its largest reading.
select session_id, run_id, device_id, mean_power_w, max_power_w
from run_energy
where valid and device_id <> 'total' and energy_counter_j is null and max_power_w > 0
    and (mean_power_w < 0 or mean_power_w > 2 * max_power_w)

-- One run of which there are energies: what is to be checked of its sensors.
select
    session_id,
    run_id,
    bool_or(evidence = 'estimated') filter (where device_id = 'total') as energy_estimated,
    bool_or(energy_net_j < 0) filter (where device_id = 'total') as energy_net_negative,
    bool_or(not valid) filter (where device_id = 'total') as energy_unknown,
    max(throttled_pct) filter (where device_id <> 'total') as throttled_pct,
    max(abs(energy_integral_j / energy_counter_j - 1) * 100)
        filter (where device_id <> 'total' and energy_counter_j > 0) as counter_gap_pct
from run_energy
group by session_id, run_id

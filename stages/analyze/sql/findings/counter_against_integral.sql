-- Two readings of one energy that disagree.
select
    'counter_against_integral' as code,
    'sensor ' || e.device_id as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' runs counter and integral differ by more than '
    || cast(max(c.max_counter_gap_pct) as varchar) || ' %, at most by '
    || cast(round(max(abs(e.energy_integral_j / e.energy_counter_j - 1)) * 100, 1) as varchar) || ' %' as what
from run_energy as e
cross join config as c
where
    e.device_id <> 'total' and e.energy_counter_j > 0
    and abs(e.energy_integral_j / e.energy_counter_j - 1) * 100 > c.max_counter_gap_pct
group by e.device_id

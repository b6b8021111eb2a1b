-- One bin of time x series: mean power, where readings bracket the bin.
select
    place,
    start_ns,
    end_ns,
    energy_j / (cast(end_ns - start_ns as double) / 1e9) as power_w
from energy_join(
    (select session_id, device_id, kind, t_ns, power_w, energy_j, energy_range_j from power_sample),
    (select place, session_id, device_id, kind, start_ns, end_ns from timeline)
)
where energy_j is not null

-- One row: windows whose energy is known in one way.
select
    count(*) as runs,
    avg(coverage_pct) as coverage_pct,
    median(samples) as samples,
    max(max_gap_ns) / 1e6 as gap_ms
from run_energy
where device_id = 'total' and {=scope, evidence} and coalesce(reasons, '') = {reasons}

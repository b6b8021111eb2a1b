-- One scope x evidence x reason: windows whose energy is known that way.
select
    scope,
    evidence,
    coalesce(reasons, '') as reasons,
    count(*) as runs,
    avg(coverage_pct) as coverage_pct,
    median(samples) as samples,
    max(max_gap_ns) / 1e6 as gap_ms
from run_energy
where device_id = 'total'
group by scope, evidence, coalesce(reasons, '')
order by runs desc, scope, evidence, reasons
limit 60

-- One sensor: how it was read.
select
    device_id,
    kind,
    scope,
    source,
    sum(readings) as readings,
    sum(errors) as errors,
    sum(missed) as missed,
    max(longest_gap_ns) / 1e6 as longest_gap_ms,
    max(update_period_ms) as update_period_ms,
    min(coalesce(resolution_w, resolution_j)) as step,
    max(averaging_ms) as averaging_ms,
    max(cost_pct) as cost_pct
from sensor
group by device_id, kind, scope, source
order by device_id, kind
limit 100

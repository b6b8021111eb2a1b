-- One bar: mean latency of one cell.
select
    mode_name as mode,
    scenario as row,
    name as series,
    estimate as value,
    ci_low as low,
    ci_high as high,
    n,
    evidence
from cell_estimate
where metric = 'latency_ms'
order by place, scenario, name

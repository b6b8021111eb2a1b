-- One ratio: latency or energy of one backend and scenario without a cache over with one.
select
    case metric when 'latency_ms' then 'latency' else 'energy' end || ', ' || scenario as row,
    name as part,
    name as series,
    factor as value,
    low,
    high,
    1.0 as one,
    n,
    evidence
from cache_factor
order by metric desc, scenario, name

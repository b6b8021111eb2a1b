-- One ratio: two backends compared over all scenarios, by one metric.
select
    c.metric as mode,
    m.label || ': ' || c.b || ' / ' || c.a as row,
    m.label as part,
    c.conclusion as series,
    c.ratio as value,
    c.ratio_low as low,
    c.ratio_high as high,
    1.0 as one,
    c.n,
    c.evidence
from comparison as c
inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
where c.metric in ('latency_ms', 'total_usd_per_mtok', 'gross_kwh_per_mtok', 'gco2e_per_mtok') and c.ratio > 0
order by c.metric desc, m.place, c.ratio

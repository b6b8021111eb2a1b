-- One finished run of a cell that has few: its latency against the median of its cell. Of many runs no picture shows each.
select r.backend, r.device, r.model, r.dtype, r.mode, r.kv_cache, r.scenario, m.n, r.latency_ms / m.middle as ratio
-- the small side first: it is the one that is kept in memory
from (select * from cell_middle where n <= 30) as m
inner join run as r
    on r.backend = m.backend and r.device = m.device and r.model = m.model and r.dtype = m.dtype and r.mode = m.mode
    and r.kv_cache = m.kv_cache and r.scenario = m.scenario
where r.status in ('ok', 'degraded') and r.latency_ms > 0

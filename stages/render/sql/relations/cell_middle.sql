-- One cell: its finished runs and their median latency.
select backend, device, model, dtype, mode, kv_cache, scenario, count(*) as n, median(latency_ms) as middle
from run
where status in ('ok', 'degraded') and latency_ms > 0
group by backend, device, model, dtype, mode, kv_cache, scenario

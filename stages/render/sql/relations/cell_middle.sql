-- One cell: its usable runs and their median latency.
select cell_id, count(*) as n, median(latency_ms) as middle
from run_fact
where latency_ms > 0
group by cell_id

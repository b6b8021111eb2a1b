-- One cell: its latency.
select *
from cell_estimate
where metric = 'latency_ms'
order by place, scenario, name

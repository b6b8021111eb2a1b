-- One usable run of a cell that has few: its latency against the median of its cell. Of many runs no picture shows each.
select f.cell_id, m.n, f.latency_ms / m.middle as ratio
-- the small side first: it is the one that is kept in memory
from (select * from cell_middle where n <= 30) as m
inner join run_fact as f on m.cell_id = f.cell_id
where f.latency_ms > 0

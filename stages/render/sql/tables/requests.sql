-- One workload x backend x way of getting the hardware: a thousand requests.
select *
from request_table
order by workload, match desc, way, usd, name

-- One workload x backend x terms: the cheapest price over the configured months.
select *
from tco_table
order by workload, match desc, total_usd, name

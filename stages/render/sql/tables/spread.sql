-- One cell: the spread of its runs; the widest 60.
select *
from spread
order by cv_pct desc nulls last, place, scenario, name
limit 60

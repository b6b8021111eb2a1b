-- One finding, the gravest first.
select *
from finding
order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, code, place

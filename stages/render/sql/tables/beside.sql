-- One cell of another run, beside this run's.
select *
from beside_cell
order by metric desc, mode_name, scenario, backend, there_dtype

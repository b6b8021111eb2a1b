-- One row: energies that are a model's.
select count(*) as n
from run_energy
where evidence = 'estimated'

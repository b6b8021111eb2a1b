-- Energy is null exactly where it is not valid, and then a reason is given.
select session_id, run_id, scope, device_id
from run_energy
where (energy_gross_j is null) = valid or (reasons is null) <> valid

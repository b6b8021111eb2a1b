-- One scope x evidence: windows whose energy is known that way.
select scope, evidence, count(*) as runs
from run_energy
where device_id = 'total'
group by scope, evidence
order by scope, evidence

-- One backend x mode x scope: energy per token.
select *
from energy_table
order by place, name, scope, evidence

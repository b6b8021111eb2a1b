-- One row: the decision.
select *
from decision
where {=objective, model, mode, kv_cache, workload}

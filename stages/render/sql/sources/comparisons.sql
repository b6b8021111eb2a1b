-- One row: the comparison.
select *
from comparison
where {=metric, model, mode, kv_cache, a, b}

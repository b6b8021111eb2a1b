-- One row: the cell's verdict.
select *
from verdict
where {=backend, device, model, dtype, mode, kv_cache, scenario}

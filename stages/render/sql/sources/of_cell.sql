-- One row: one metric of one cell.
select estimate, median, ci_low, ci_high, n, method
from estimate
where {=metric} and level = 'cell' and {=backend, device, model, dtype, mode, kv_cache, scenario}

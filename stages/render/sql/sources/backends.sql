-- One row: one metric of one backend and mode.
select estimate, ci_low, ci_high, n, method
from estimate
where {=metric} and level = 'backend_mode' and {=backend, device, model, dtype, mode, kv_cache}

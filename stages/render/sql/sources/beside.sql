-- One row: the cell of this run.
select estimate as here_value, ci_low as here_low, ci_high as here_high
from estimate
where {=metric} and level = 'cell' and {=backend, mode, kv_cache, scenario}
    and (device is not distinct from {here_device})
    and (model is not distinct from {here_model})
    and (dtype is not distinct from {here_dtype})

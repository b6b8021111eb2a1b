-- One cell: what its runs have in common.
with common as (
    select backend, device, model, dtype, mode, kv_cache, scenario, max(batch) as batch
    from run
    group by backend, device, model, dtype, mode, kv_cache, scenario
)

select cell_id(backend, device, model, dtype, mode, cast(kv_cache as varchar), scenario) as cell_id, *
from common

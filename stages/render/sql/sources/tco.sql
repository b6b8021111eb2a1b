-- One row: the months of one workload at one price.
select *
from tco
where {=backend, device, model, dtype, kv_cache, workload, provider, region, instance, tier}

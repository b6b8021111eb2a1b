-- One row: the own machine against one alternative.
select *
from break_even
where {=backend, device, model, dtype, kv_cache, workload, provider, region, instance, tier, rent_basis}

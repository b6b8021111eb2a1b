-- One row: a million tokens were the energy drawn in one grid.
select *
from region_carbon
where {=backend, device, model, dtype, mode, kv_cache, grid_region}

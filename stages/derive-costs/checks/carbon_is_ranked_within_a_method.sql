-- Carbon of regions is ranked only among those of one basis and one method, both known: a place is one more than the number of cleaner
-- regions there.
with counted as (
    select a.backend, a.device, a.model, a.dtype, a.mode, a.kv_cache, a.grid_region, a.place, a.grid_method, count(b.grid_region) as cleaner
    from region_carbon as a
    left join region_carbon as b
        on a.backend = b.backend and a.device = b.device and a.model = b.model and a.dtype = b.dtype and a.mode = b.mode
        and a.kv_cache = b.kv_cache and a.grid_basis = b.grid_basis and a.grid_method = b.grid_method
        and b.gco2e_per_mtok < a.gco2e_per_mtok
    where a.place is not null
    group by a.backend, a.device, a.model, a.dtype, a.mode, a.kv_cache, a.grid_region, a.place, a.grid_method
)

select backend, mode, grid_region, grid_method, place, cleaner
from counted
where grid_method is null or place <> cleaner + 1

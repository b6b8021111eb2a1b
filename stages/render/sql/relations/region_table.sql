-- One backend and mode that was run last, with the least energy: carbon at home and in the three cleanest and dirtiest grid regions of
-- each basis and method. Places are those of region_carbon: figures of two methods have no order, and those of unknown ones no place.
with mode_of as (
    select c.*, m.label, m.place as mode_place
    from region_carbon as c
    inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
    where c.gco2e_per_mtok is not null
),

least as (
    select *, dense_rank() over (order by mode_place desc) as newest
    from mode_of
),

backend_of as (
    select backend, device, model, dtype, grid_basis, grid_method
    from least
    where newest = 1 and match = 'measured'
    order by gco2e_per_mtok, backend, device, model, dtype
    limit 1
),

placed as (
    select
        l.*,
        l.grid_basis = b.grid_basis and l.grid_method is not distinct from b.grid_method as is_like_home,
        row_number() over (
            partition by l.match, l.grid_basis, l.grid_method, l.place is null order by l.place asc, l.grid_region asc
        ) as cleanest,
        row_number() over (
            partition by l.match, l.grid_basis, l.grid_method, l.place is null order by l.place desc, l.grid_region desc
        ) as dirtiest
    from least as l
    inner join backend_of as b on l.backend = b.backend and l.device = b.device and l.model = b.model and l.dtype = b.dtype
    where l.newest = 1
)

select
    label as mode_name,
    mode,
    kv_cache,
    backend,
    device,
    model,
    dtype,
    grid_region,
    grid_basis,
    coalesce(grid_method, 'unknown') as grid_method,
    grid_year,
    place,
    is_like_home,
    gco2e_per_kwh,
    gco2e_per_mtok,
    ci_low_gco2e_per_mtok,
    ci_high_gco2e_per_mtok,
    energy_usd_per_mtok,
    ci_low_usd_per_mtok,
    ci_high_usd_per_mtok,
    ci_level,
    match,
    evidence
from placed
where match = 'measured' or (place is not null and (cleanest <= 3 or dirtiest <= 3))

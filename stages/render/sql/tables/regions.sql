-- One grid x hardware (what ran, or other): a million tokens were the energy drawn there.
select *
from region_table
order by match desc, is_like_home desc, grid_basis, grid_method, gco2e_per_mtok, grid_region

-- One bar: grams of a million tokens were the energy drawn in one grid of the own grid's method.
select
    grid_region as row,
    backend as series,
    gco2e_per_mtok as value,
    ci_low_gco2e_per_mtok as low,
    ci_high_gco2e_per_mtok as high,
    evidence
from region_table
where is_like_home
order by match desc, gco2e_per_mtok, grid_region

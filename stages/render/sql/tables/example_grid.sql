-- One row where the own grid is a shipped example that costs or carbon rest on: the sentence that says so.
select
    'Shipped examples stand in for ' || concat_ws(
        ' and ',
        'the tariff, $' || max(case when t.region is null then g.usd_per_kwh end) || ' a kWh,',
        'the carbon, ' || max(g.gco2e_per_kwh) || ' g a kWh,'
    ) || ' of the grid: set your own in the row of `' || g.region || '` in `data/inputs/grid`.' as line
from priced_with as p
inner join grid as g on p.home_grid = g.region
left join (select distinct region from tariff) as t on g.region = t.region
inner join (select distinct grid_region from cost where gco2e_per_mtok is not null) as c on p.home_grid = c.grid_region
where g.example
group by g.region
having max(case when t.region is null then g.usd_per_kwh end) is not null or max(g.gco2e_per_kwh) is not null

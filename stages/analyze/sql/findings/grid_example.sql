-- Grid regions in use whose figures are an example that stands in for the reader's own. A tariff with hours takes the example's place.
select
    'grid_example' as code,
    g.region as place,
    'warning' as severity,
    'examples stand in for '
    || concat_ws(
        ' and ',
        'the tariff (' || cast(max(case when t.region is null then g.usd_per_kwh end) as varchar) || ' USD a kWh)',
        'the carbon (' || cast(max(g.gco2e_per_kwh) as varchar) || ' g a kWh)'
    )
    || ' of ' || g.region || ': put yours into its row' as what
from (select distinct grid_region from cost) as c
inner join grid as g on c.grid_region = g.region
left join (select distinct region from tariff) as t on g.region = t.region
where g.example
group by g.region
having max(case when t.region is null then g.usd_per_kwh end) is not null or max(g.gco2e_per_kwh) is not null

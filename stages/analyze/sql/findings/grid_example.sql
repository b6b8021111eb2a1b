-- Grid regions in use whose figures are an example that stands in for the reader's own.
select
    'grid_example' as code,
    g.region as place,
    'warning' as severity,
    'tariff and carbon of ' || g.region || ' are an example ('
    || concat_ws(' and ', cast(max(g.usd_per_kwh) as varchar) || ' USD', cast(max(g.gco2e_per_kwh) as varchar) || ' g')
    || ' a kWh): put yours into its row' as what
from (select distinct grid_region from cost) as c
inner join grid as g on c.grid_region = g.region
where g.example
group by g.region

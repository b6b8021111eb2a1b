-- One bar: tokens per kWh of one cell. The ends of the energy change places; energy that may be zero has no interval here.
select
    mode_name as mode,
    scenario as row,
    name as series,
    1e6 / estimate as value,
    case when ci_low > 0 then 1e6 / ci_high end as low,
    case when ci_low > 0 then 1e6 / ci_low end as high,
    n,
    evidence
from cell_estimate
where metric = 'gross_kwh_per_mtok' and estimate > 0
order by place, scenario, name

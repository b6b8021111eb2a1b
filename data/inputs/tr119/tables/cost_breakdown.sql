-- Infrastructure and electricity at the AWS on-demand rate: unweighted means over the cells of both modes.
with mean as (
    select
        backend,
        avg(infra_usd_per_mtok) as infra_usd_per_1m,
        avg(energy_usd_per_mtok) as energy_usd_per_1m,
        avg(total_usd_per_mtok) as total_usd_per_1m
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
    group by backend
)

select
    *,
    100 * infra_usd_per_1m / total_usd_per_1m as infra_pct,
    100 * energy_usd_per_1m / total_usd_per_1m as energy_pct
from mean
order by total_usd_per_1m

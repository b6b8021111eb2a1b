-- What a tier saves against on demand at AWS: means over the cells of both modes. It is the ratio of two rates, the same for
-- every backend but for the electricity.
with mean as (
    select
        backend,
        avg(case when tier = 'on_demand' then total_usd_per_mtok end) as on_demand_usd,
        avg(case when tier = 'spot' then total_usd_per_mtok end) as spot_usd,
        avg(case when tier = 'reserved_1yr' then total_usd_per_mtok end) as reserved_usd
    from cost
    where provider = 'aws_g5_xlarge' and basis = case when mode = 'prefill' then 'input' else 'output' end
    group by backend
)

select
    backend,
    100 * (1 - spot_usd / on_demand_usd) as spot_saves_pct,
    100 * (1 - reserved_usd / on_demand_usd) as reserved_saves_pct
from mean
order by spot_saves_pct desc

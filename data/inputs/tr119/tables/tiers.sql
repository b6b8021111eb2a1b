-- Total of every cell by tier; `reserved` is the 1-year rate, and on_prem is electricity alone.
select
    backend,
    mode,
    scenario,
    max(case when tier = 'on_demand' then total_usd_per_mtok end) as on_demand_usd,
    max(case when tier = 'spot' then total_usd_per_mtok end) as spot_usd,
    max(case when tier = 'reserved_1yr' then total_usd_per_mtok end) as reserved_usd,
    max(case when tier = 'reserved_1yr' then total_usd_per_mtok end) as reserved_1yr_usd,
    max(case when tier = 'reserved_3yr' then total_usd_per_mtok end) as reserved_3yr_usd,
    max(case when tier = 'on_prem' then total_usd_per_mtok end) as on_prem_usd
from cost
where
    provider in ('aws_g5_xlarge', 'on_prem')
    and basis = case when mode = 'prefill' then 'input' else 'output' end
group by backend, mode, scenario
order by backend, scenario, mode

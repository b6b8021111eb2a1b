-- Unweighted means over scenarios by provider.
select
    provider,
    backend,
    mode,
    avg(case when tier = 'on_demand' then total_usd_per_mtok end) as on_demand_usd,
    avg(case when tier = 'spot' then total_usd_per_mtok end) as spot_usd,
    avg(case when tier = 'reserved_1yr' then total_usd_per_mtok end) as reserved_usd
from cost
where provider <> 'on_prem' and basis = case when mode = 'prefill' then 'input' else 'output' end
group by provider, backend, mode
order by provider, backend, mode

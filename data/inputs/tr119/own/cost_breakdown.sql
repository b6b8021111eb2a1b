-- On demand in us-east-1, mean over scenarios: CPU runs on a CPU instance, GPU runs on a GPU instance; rent includes electricity.
select
    backend,
    mode,
    instance,
    avg(infra_usd_per_mtok) as infra_usd_per_1m,
    avg(energy_usd_per_mtok) as energy_usd_per_1m,
    avg(total_usd_per_mtok) as total_usd_per_1m,
    max(match) as match
from cost
where
    provider = 'aws' and region = 'us-east-1' and tier = 'on_demand' and instance in ('g5.xlarge', 'c7i.2xlarge')
    and basis = case when mode = 'prefill' then 'input' else 'output' end
group by backend, mode, instance
order by mode, total_usd_per_1m

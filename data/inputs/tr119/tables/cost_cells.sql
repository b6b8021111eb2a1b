-- Cost of every cell at the AWS on-demand rate.
select
    backend,
    mode,
    scenario,
    tokens_per_s as throughput_mean_tok_s,
    kwh_per_mtok * 1000 / hours_per_mtok as power_mean_w,
    hours_per_mtok as gpu_hours_per_1m_tok,
    infra_usd_per_mtok as infra_cost_usd_per_1m_tok,
    energy_usd_per_mtok as energy_cost_usd_per_1m_tok,
    total_usd_per_mtok as total_cost_usd_per_1m_tok
from cost
where
    provider = 'aws_g5_xlarge' and tier = 'on_demand'
    and basis = case when mode = 'prefill' then 'input' else 'output' end
order by backend, scenario, mode

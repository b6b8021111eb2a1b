-- Unweighted means over scenarios at the AWS on-demand rate.
select
    backend,
    mode,
    avg(total_usd_per_mtok) as total_cost_usd_per_1m_tok,
    avg(energy_usd_per_mtok) as energy_cost_usd_per_1m_tok,
    avg(kwh_per_mtok) as energy_kwh_per_1m_tok,
    avg(gco2e_per_mtok) as carbon_gco2e_per_1m_tok
from cost
where
    provider = 'aws_g5_xlarge' and tier = 'on_demand'
    and basis = case when mode = 'prefill' then 'input' else 'output' end
group by backend, mode
order by backend, mode

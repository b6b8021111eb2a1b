-- Energy and carbon of every cell.
select
    backend,
    mode,
    scenario,
    kwh_per_mtok as energy_kwh_per_1m_tok,
    gco2e_per_mtok as carbon_gco2e_per_1m_tok
from cost
where
    provider = 'aws_g5_xlarge' and tier = 'on_demand'
    and basis = case when mode = 'prefill' then 'input' else 'output' end
order by backend, scenario, mode

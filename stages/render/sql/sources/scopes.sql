-- One row: energy of one scope over its tokens, mean over runs.
select
    avg(e.mean_power_w) as mean_power_w,
    count(*) as n,
    avg(e.energy_gross_j / case when c.mode = 'prefill' then f.input_tokens else f.output_tokens end) as gross_j_per_token,
    avg(e.energy_net_j / case when c.mode = 'prefill' then f.input_tokens else f.output_tokens end) as net_j_per_token
from run_energy as e
inner join run_fact as f on e.session_id = f.session_id and e.run_id = f.run_id
inner join cell as c on f.cell_id = c.cell_id
where e.device_id = 'total' and {=e.scope, e.evidence, c.backend, c.device, c.model, c.dtype, c.mode, c.kv_cache}
    and case when c.mode = 'prefill' then f.input_tokens else f.output_tokens end > 0

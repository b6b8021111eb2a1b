-- One row: energy of one scope over its tokens, mean over runs.
select
    avg(e.mean_power_w) as mean_power_w,
    count(*) as n,
    avg(e.energy_gross_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end))
    as gross_j_per_token,
    avg(e.energy_net_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end))
    as net_j_per_token
from run_energy as e
inner join run as r on e.session_id = r.session_id and e.run_id = r.run_id
where e.device_id = 'total' and {=e.scope, e.evidence, r.backend, r.device, r.model, r.dtype, r.mode, r.kv_cache}
    and r.status in ('ok', 'degraded') and r.iterations > 0
    and case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end > 0

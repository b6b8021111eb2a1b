-- One backend x mode x scope: energy of the runs, gross and net side by side, with its evidence.
select
    m.label as mode,
    m.place,
    r.backend,
    e.scope,
    e.evidence,
    count(*) as runs,
    avg(e.mean_power_w) as mean_power_w,
    avg(e.energy_gross_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end)) as gross_j_per_token,
    avg(e.energy_net_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end)) as net_j_per_token
from run_energy as e
inner join run as r on e.session_id = r.session_id and e.run_id = r.run_id
inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache
where e.device_id = 'total' and r.status in ('ok', 'degraded') and r.tokens_generated is not null
group by m.label, m.place, r.backend, e.scope, e.evidence
order by m.place, r.backend, e.scope, e.evidence

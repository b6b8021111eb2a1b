-- One backend x mode x scope: energy of the runs, gross and net side by side, with its evidence.
with token as (
    select
        session_id,
        run_id,
        backend,
        mode,
        kv_cache,
        iterations * case when mode = 'prefill' then prompt_tokens else tokens_generated end as tokens
    from run
    where status in ('ok', 'degraded')
)

select
    m.label as mode,
    m.place,
    t.backend,
    e.scope,
    e.evidence,
    count(*) as runs,
    avg(e.mean_power_w) as mean_power_w,
    avg(e.energy_gross_j / t.tokens) as gross_j_per_token,
    avg(e.energy_net_j / t.tokens) as net_j_per_token
from run_energy as e
inner join token as t on e.session_id = t.session_id and e.run_id = t.run_id
inner join mode_label as m on t.mode = m.mode and t.kv_cache = m.kv_cache
where e.device_id = 'total' and t.tokens > 0
group by m.label, m.place, t.backend, e.scope, e.evidence
order by m.place, t.backend, e.scope, e.evidence

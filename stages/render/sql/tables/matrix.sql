-- One mode x scenario x batch: its lengths and its runs.
select
    r.mode,
    r.kv_cache,
    m.label as mode_name,
    r.scenario,
    r.batch,
    max(r.prompt_tokens) as prompt_tokens,
    max(r.prompt_tokens_padded) as padded_tokens,
    max(r.new_tokens_asked) as new_tokens,
    count(distinct r.backend) as backends,
    count(*) as runs,
    sum(case when f.usable then 1 else 0 end) as finished
from run as r
inner join run_fact as f on r.session_id = f.session_id and r.run_id = f.run_id
inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache
group by r.mode, r.kv_cache, m.label, m.place, r.scenario, r.batch
order by m.place, r.scenario, r.batch
limit 200

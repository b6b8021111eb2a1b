-- One row: the runs of one mode, scenario and batch.
select
    count(*) as runs,
    max(prompt_tokens) as prompt_tokens,
    max(prompt_tokens_padded) as padded_tokens,
    max(new_tokens_asked) as new_tokens,
    count(distinct backend) as backends,
    max(batch) as batch,
    sum(case when f.usable then 1 else 0 end) as finished
from run as r
inner join run_fact as f on r.session_id = f.session_id and r.run_id = f.run_id
where {=mode, kv_cache, scenario, batch}

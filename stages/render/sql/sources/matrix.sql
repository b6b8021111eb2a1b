-- One row: the runs of one mode, scenario and batch.
select
    count(*) as runs,
    max(prompt_tokens) as prompt_tokens,
    max(prompt_tokens_padded) as padded_tokens,
    max(new_tokens_asked) as new_tokens,
    count(distinct backend) as backends,
    max(batch) as batch,
    sum(case when status in ('ok', 'degraded') then 1 else 0 end) as finished
from run
where {=mode, kv_cache, scenario, batch}

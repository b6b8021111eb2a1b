-- One backend: between which lengths of a sequence its runs lie, of the prompt in prefill and of the new tokens in generate. A request
-- outside them is priced at rates that were measured at other lengths.
select
    r.backend,
    r.device,
    r.model,
    r.dtype,
    min(cast(r.prompt_tokens as double) / r.batch) filter (where r.mode = 'prefill') as least_prompt_tokens,
    max(cast(r.prompt_tokens as double) / r.batch) filter (where r.mode = 'prefill') as most_prompt_tokens,
    min(cast(r.tokens_generated as double) / r.batch) filter (where r.mode = 'generate') as least_new_tokens,
    max(cast(r.tokens_generated as double) / r.batch) filter (where r.mode = 'generate') as most_new_tokens
from run as r
left semi join (select session_id, run_id from run_fact where usable) as f on r.session_id = f.session_id and r.run_id = f.run_id
where r.batch > 0
group by r.backend, r.device, r.model, r.dtype

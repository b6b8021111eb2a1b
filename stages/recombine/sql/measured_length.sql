-- One backend: between which lengths of a sequence its runs lie, of the prompt in prefill and of the new tokens in generate. A request
-- outside them is priced at rates that were measured at other lengths.
select
    backend,
    device,
    model,
    dtype,
    min(cast(prompt_tokens as double) / batch) filter (where mode = 'prefill') as least_prompt_tokens,
    max(cast(prompt_tokens as double) / batch) filter (where mode = 'prefill') as most_prompt_tokens,
    min(cast(tokens_generated as double) / batch) filter (where mode = 'generate') as least_new_tokens,
    max(cast(tokens_generated as double) / batch) filter (where mode = 'generate') as most_new_tokens
from run
where status in ('ok', 'degraded') and batch > 0
group by backend, device, model, dtype

-- Scenarios in which much of the prompt is padding: time is spent on tokens that nobody sent.
select
    'padding' as code,
    'scenario ' || r.scenario as place,
    'info' as severity,
    cast(round(100 * max(1 - cast(r.prompt_tokens as double) / r.prompt_tokens_padded), 0) as varchar)
    || ' % of the prompt is padding, and rates and costs count real tokens unless token_count says otherwise' as what
from run as r
cross join config as c
where r.prompt_tokens_padded > 0 and 100 * (1 - cast(r.prompt_tokens as double) / r.prompt_tokens_padded) > c.max_padding_pct
group by r.scenario

-- One bar: tokens per second of one cell, those of the prompt in prefill and the new ones in generate.
select
    mode_name as mode,
    scenario as row,
    name as series,
    estimate as value,
    ci_low as low,
    ci_high as high,
    n,
    evidence
from cell_estimate
where metric in ('input_tokens_per_s', 'output_tokens_per_s')
order by place, scenario, name

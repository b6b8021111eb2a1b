-- Means over scenarios at the AWS on-demand rate, and how many times dearer generated tokens are than prompt tokens.
with mean as (
    select
        backend,
        avg(case when mode = 'prefill' then total_usd_per_mtok end) as prefill_usd_per_1m,
        avg(case when mode = 'generate' then total_usd_per_mtok end) as generate_usd_per_1m
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
    group by backend
)

select *, generate_usd_per_1m / prefill_usd_per_1m as generate_prefill
from mean
order by backend

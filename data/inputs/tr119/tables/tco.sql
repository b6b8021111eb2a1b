-- 1,000 million tokens a month for 12 months at the AWS on-demand rate: means over the cells of both modes.
with mean as (
    select backend, avg(total_usd_per_mtok) as cost_per_1m_tokens_usd
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
    group by backend
)

select
    backend,
    cost_per_1m_tokens_usd * 1000 * 12 as total_cost_usd,
    cost_per_1m_tokens_usd * 1000 as cost_per_month_usd,
    cost_per_1m_tokens_usd
from mean
order by total_cost_usd

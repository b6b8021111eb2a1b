-- A request of 256 prompt and 128 generated tokens at the means of the cells' rates and powers.
with cell as (
    select backend, mode, tokens_per_s, kwh_per_mtok * 1000 / hours_per_mtok as power_w
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
),

mean as (
    select
        backend,
        avg(case when mode = 'prefill' then tokens_per_s end) as prefill_tokens_per_s,
        avg(case when mode = 'generate' then tokens_per_s end) as generate_tokens_per_s,
        avg(case when mode = 'prefill' then power_w end) as prefill_w,
        avg(case when mode = 'generate' then power_w end) as generate_w
    from cell
    group by backend
),

request as (
    select
        backend,
        256 / prefill_tokens_per_s as time_prefill_s,
        128 / generate_tokens_per_s as time_generate_s,
        (256 / prefill_tokens_per_s * prefill_w + 128 / generate_tokens_per_s * generate_w) / 3.6e6 as energy_kwh_per_request
    from mean
)

select
    r.*,
    (r.time_prefill_s + r.time_generate_s) / 3600 * p.usd_per_hour + r.energy_kwh_per_request * g.usd_per_kwh
        as total_cost_usd_per_request
from request as r
cross join price as p
cross join grid as g
where p.provider = 'aws_g5_xlarge' and p.tier = 'on_demand'
order by total_cost_usd_per_request

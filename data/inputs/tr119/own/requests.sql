-- 256 prompt and 128 generated tokens: total time over total tokens, not the mean of rates.
select
    backend,
    instance,
    prefill_s as time_prefill_s,
    generate_s as time_generate_s,
    energy_kwh as energy_kwh_per_request,
    total_usd as total_cost_usd_per_request,
    match
from request_cost
where provider = 'aws' and region = 'us-east-1' and tier = 'on_demand' and instance in ('g5.xlarge', 'c7i.2xlarge')
order by total_usd

-- One price per token x workload. Cached input without a price of its own costs what input costs.
with priced as (
    select
        p.provider,
        p.region,
        p.instance,
        p.as_of,
        w.name as workload,
        w.prompt_tokens,
        w.generated_tokens,
        w.cached_share,
        w.volume_mtok,
        w.months,
        w.upfront_usd,
        (w.prompt_tokens + w.generated_tokens) / 1e6 as request_mtok,
        case when w.prompt_tokens = 0 then 0.0 else
            w.prompt_tokens / 1e6 * (
                (1 - w.cached_share) * p.input_usd_per_mtok
                + w.cached_share * coalesce(p.cached_input_usd_per_mtok, p.input_usd_per_mtok)
            )
        end
        + case when w.generated_tokens = 0 then 0.0 else w.generated_tokens / 1e6 * p.output_usd_per_mtok end as request_usd
    from workload as w
    cross join price as p
    where p.tier = 'api'
)

select
    provider,
    region,
    instance,
    workload,
    prompt_tokens,
    generated_tokens,
    cached_share,
    request_usd,
    request_usd / request_mtok as usd_per_mtok,
    request_usd / request_mtok * volume_mtok as monthly_usd,
    upfront_usd + request_usd / request_mtok * volume_mtok * months as total_usd,
    as_of as price_as_of
from priced

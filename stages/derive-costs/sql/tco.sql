-- One backend x price x workload: the configured volume of requests, for the configured months.
select
    r.backend,
    r.device,
    r.model,
    r.dtype,
    r.kv_cache,
    r.workload,
    r.provider,
    r.region,
    r.instance,
    r.tier,
    w.volume_mtok,
    w.months,
    r.total_usd / (r.prompt_tokens + r.generated_tokens) * 1e6 * w.volume_mtok as monthly_usd,
    r.total_usd / (r.prompt_tokens + r.generated_tokens) * 1e6 * w.volume_mtok * w.months as total_usd,
    r.total_usd / (r.prompt_tokens + r.generated_tokens) * 1e6 as total_usd_per_mtok,
    -- a month is 730 hours, as cloud prices reckon it
    (r.prefill_s + r.generate_s) / 3600 / (r.prompt_tokens + r.generated_tokens) * 1e6 * w.volume_mtok / c.utilisation / 730
        as machines,
    r.match
from request_cost as r
inner join workload as w on r.workload = w.name
cross join config as c

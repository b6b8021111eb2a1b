-- One row: a month at the reader's values, which the page puts where `$name$` stands. Energy of tokens is without that of the waiting
-- machine, which is paid for all month.
select
    machines,
    machines * ({fixed_usd_x_one} + case when {fixed_usd_x_kwh} = 0 then 0 else {fixed_usd_x_kwh} * $usd_per_used_kwh$ end)
    + $volume_mtok$ * (
        {added_usd_x_paid} / $utilisation$
        + case
            when {added_usd_x_kwh} = 0 then 0
            else (kwh - {fixed_usd_x_kwh} / {capacity_mtok_x_use}) * $usd_per_used_kwh$
        end
    ) as month
from (
    select
        energy_kwh / ((prompt_tokens + generated_tokens) / 1e6) as kwh,
        greatest(
            ceil($volume_mtok$ / ((prompt_tokens + generated_tokens) * 2.628 / (prefill_s + generate_s) * $utilisation$)),
            1
        ) as machines
    from request_cost
    where {=workload, backend, device, model, dtype, kv_cache, provider, region, instance, tier}
) as need

-- One row: a million tokens at the reader's values, which the page puts where `$name$` stands. What is not drawn costs nothing, whatever
-- a kWh costs.
select
    {infra_usd_x_paid} / $utilisation$
    + case
        when {infra_usd_x_paid_kwh} = 0 then 0
        else {infra_usd_x_paid_kwh} * (1 / $utilisation$ - 1) * $pue$ * $usd_per_kwh$
    end
    + case when {energy_usd_x_kwh} = 0 then 0 else kwh * $pue$ * $usd_per_kwh$ end as usd,
    kwh,
    kwh * $pue$ * $gco2e_per_kwh$ as gco2e,
    embodied * {utilisation} / $utilisation$ as embodied,
    n
from (
    select
        case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh,
        case when count(embodied_gco2e_per_mtok) = count(*) then avg(embodied_gco2e_per_mtok) end as embodied,
        sum(runs) as n
    from cost
    where {=backend, device, model, dtype, mode, kv_cache, provider, region, instance, tier}
        and basis = case when {mode} = 'prefill' then 'input' else 'output' end
) as mean

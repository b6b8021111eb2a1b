-- One backend x price x workload: the configured volume a month for the configured months; rented by use or whole, or owned.
with volume as (
    select
        r.*,
        c.utilisation,
        w.volume_mtok / r.request_mtok as requests,
        w.volume_mtok / r.request_mtok * r.hours / r.speed as busy_hours,
        o.idle_w,
        o.capex_usd,
        o.residual_usd,
        o.life_years,
        o.upkeep_usd_per_year
    from request_offer as r
    inner join workload as w on r.workload = w.name
    cross join config as c
    cross join owned as o
),

sized as (
    select
        *,
        -- a month is 730 hours, as cloud prices reckon it
        busy_hours / utilisation / 730 as machines,
        greatest(ceil(busy_hours / utilisation / 730), 1) as whole_machines
    from volume
),

monthly as (
    select
        *,
        case
            when tier = 'on_prem' then
                energy_usd * requests + (whole_machines * 730 - busy_hours) * idle_w / 1000 * usd_per_kwh
                + whole_machines * case
                    -- a rate that the price row states instead of a purchase
                    when capex_usd = 0 and upkeep_usd_per_year = 0 then 730 * usd_per_hour
                    else upkeep_usd_per_year / 12
                end
            else total_usd * requests
        end as monthly_usd,
        case when tier <> 'on_prem' then whole_machines * 730 * usd_per_hour + energy_usd * requests end as reserved_usd,
        case when tier = 'on_prem' then whole_machines * capex_usd else 0 end as purchase_usd,
        case
            when tier = 'on_prem' then
                whole_machines
                * greatest(residual_usd, capex_usd - (capex_usd - residual_usd) * months / 12 / life_years)
            else 0
        end as value_left_usd
    from sized
),

summed as (
    select
        *,
        coalesce(reserved_usd, monthly_usd) as reserved_monthly_usd,
        upfront_usd + purchase_usd as paid_once_usd,
        upfront_usd + purchase_usd - value_left_usd + months * monthly_usd as all_usd,
        upfront_usd + purchase_usd - value_left_usd + months * coalesce(reserved_usd, monthly_usd) as all_reserved_usd
    from monthly
)

select
    backend,
    device,
    model,
    dtype,
    kv_cache,
    workload,
    provider,
    region,
    instance,
    tier,
    volume_mtok,
    months,
    utilisation,
    machines,
    paid_once_usd as upfront_usd,
    value_left_usd,
    monthly_usd,
    reserved_monthly_usd,
    all_usd as total_usd,
    -- only requests vary
    all_usd - (total_usd - ci_low_usd) * requests * months as ci_low_usd,
    all_usd + (ci_high_usd - total_usd) * requests * months as ci_high_usd,
    all_reserved_usd as reserved_total_usd,
    all_usd / (volume_mtok * months) as total_usd_per_mtok,
    (
        carbon_gco2e * requests
        + case when tier = 'on_prem' then (whole_machines * 730 - busy_hours) * idle_w / 1000 * gco2e_per_kwh else 0 end
    ) * months / 1000 as carbon_kgco2e,
    embodied_gco2e * requests * months / 1000 as embodied_kgco2e,
    usd_evidence,
    gco2e_evidence,
    match
from summed

-- One backend x workload on one's own machine: what it costs a month to have it, what a million tokens adds, how many it makes.
-- A month is 730 hours. Of several own rows in the price files the first by name counts.
with placed as (
    select
        r.*,
        row_number() over (
            partition by r.backend, r.device, r.model, r.dtype, r.kv_cache, r.workload
            order by r.provider, r.region, r.instance
        ) as place
    from request_offer as r
    where r.tier = 'on_prem'
)

select
    p.backend,
    p.device,
    p.model,
    p.dtype,
    p.kv_cache,
    p.workload,
    o.capex_usd,
    o.capex_usd - o.residual_usd as net_capex_usd,
    -- an hour of the offer holds both; 8760 hours a year are twelve months of 730
    730 * p.usd_per_hour - o.upkeep_usd_per_year / 12 as purchase_usd_per_month,
    o.upkeep_usd_per_year / 12 as upkeep_usd_per_month,
    730 * o.idle_w / 1000 * p.usd_per_kwh as idle_usd_per_month,
    (p.energy_usd - p.hours * o.idle_w / 1000 * p.usd_per_kwh) / p.request_mtok as added_usd_per_mtok,
    730 * c.utilisation / (p.hours / p.request_mtok) as capacity_mtok,
    p.usd_evidence
from placed as p
cross join owned as o
cross join config as c
where p.place = 1

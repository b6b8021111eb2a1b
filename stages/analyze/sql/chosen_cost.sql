-- One cell at the price that its backend is compared at: the cheapest over all modes and scenarios of the backend among those of
-- the hardware that ran, or the one that the configuration names. Where that is the hardware of some backends, others are not compared.
with wanted_price as (
    select
        c.*,
        concat_ws(' ', c.provider, c.region, c.instance, c.tier) as price
    from cost as c
    cross join config as g
    cross join wanted as w
    where
        c.basis = case when c.mode = 'prefill' then 'input' else 'output' end
        and case
            when g.price <> 'cheapest' then concat_ws(' ', c.provider, c.region, c.instance, c.tier) = g.price
            else c.match = 'measured' and (w.hardware = 'any' or c.tier = 'on_prem')
        end
),

usable as (
    select *
    from (select *, max(match) over (partition by model) as firmest from wanted_price) as priced
    where match = firmest
),

-- Costs of modes lie far apart, so their logs are averaged: no mode decides alone. Nothing costs less than nothing.
mean as (
    select backend, device, model, dtype, price, avg(ln(greatest(total_usd_per_mtok, 1e-12))) as log_usd
    from usable
    group by backend, device, model, dtype, price
    having count(total_usd_per_mtok) = count(*)
),

cheapest as (
    select *, row_number() over (partition by backend, device, model, dtype order by log_usd asc, price asc) as place
    from mean
)

select
    u.cell_id,
    u.backend,
    u.device,
    u.model,
    u.dtype,
    u.mode,
    u.kv_cache,
    u.scenario,
    u.price,
    u.infra_usd_per_mtok,
    u.energy_usd_per_mtok,
    u.hours_per_mtok,
    u.kwh_per_mtok,
    u.embodied_gco2e_per_mtok,
    u.infra_usd_per_mtok / u.hours_per_mtok as usd_per_used_hour,
    -- dollars of a rent that includes power hold no energy
    case when u.includes_power then 0 else u.energy_usd_per_mtok / nullif(u.kwh_per_mtok, 0) end as usd_per_used_kwh,
    u.usd_evidence,
    u.match
from usable as u
inner join cheapest as p
    on u.backend = p.backend and u.device = p.device and u.model = p.model and u.dtype = p.dtype and u.price = p.price and p.place = 1

-- One backend x mode x price: means over scenarios of a million tokens, prompt tokens for prefill and new tokens for generate. Relative
-- intervals of the energy are those of region_carbon. Of dollars they are the same where electricity is all; else half widths are
-- averaged, since prices and sensors are common to the scenarios: the interval is then too wide rather than too narrow.
with share as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        min(ci_low_gco2e_per_mtok / gco2e_per_mtok) as low,
        max(ci_high_gco2e_per_mtok / gco2e_per_mtok) as high
    from region_carbon
    where gco2e_per_mtok > 0
    group by backend, device, model, dtype, mode, kv_cache
),

cell as (
    select c.*
    from cost as c
    where c.basis = case when c.mode = 'prefill' then 'input' else 'output' end
),

mean as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        basis,
        provider,
        region,
        instance,
        tier,
        match,
        includes_power,
        grid_region,
        max(price_as_of) as price_as_of,
        max(ci_level) as ci_level,
        weakest(energy_evidence) as energy_evidence,
        weakest(usd_evidence) as usd_evidence,
        weakest(gco2e_evidence) as gco2e_evidence,
        sum(runs) as n,
        count(*) as scenarios,
        avg(hours_per_mtok) as hours,
        avg(infra_usd_per_mtok) as infra_usd,
        case when count(energy_usd_per_mtok) = count(*) then avg(energy_usd_per_mtok) end as energy_usd,
        case when count(total_usd_per_mtok) = count(*) then avg(total_usd_per_mtok) end as usd,
        case when count(ci_low_usd_per_mtok) = count(*) then avg(total_usd_per_mtok - ci_low_usd_per_mtok) end as below,
        case when count(ci_low_usd_per_mtok) = count(*) then avg(ci_high_usd_per_mtok - total_usd_per_mtok) end as above,
        case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh,
        case when count(gco2e_per_mtok) = count(*) then avg(gco2e_per_mtok) end as gco2e,
        case when count(embodied_gco2e_per_mtok) = count(*) then avg(embodied_gco2e_per_mtok) end as embodied_gco2e,
        max(energy_scope) as energy_scope
    from cell
    group by
        backend, device, model, dtype, mode, kv_cache, basis, provider, region, instance, tier, match, includes_power, grid_region
)

select
    c.*,
    m.label as mode_name,
    m.place,
    b.name,
    concat_ws(' ', c.provider, nullif(c.region, 'any'), c.instance, '(' || replace(c.tier, '_', ' ') || ')') as price,
    case when c.infra_usd = 0 and s.low is not null then c.usd * s.low else c.usd - c.below end as usd_low,
    case when c.infra_usd = 0 and s.high is not null then c.usd * s.high else c.usd + c.above end as usd_high,
    c.kwh * s.low as kwh_low,
    c.kwh * s.high as kwh_high,
    c.gco2e * s.low as gco2e_low,
    c.gco2e * s.high as gco2e_high
from mean as c
inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype
left join share as s
    on c.backend = s.backend and c.device = s.device and c.model = s.model and c.dtype = s.dtype and c.mode = s.mode
    and c.kv_cache = s.kv_cache

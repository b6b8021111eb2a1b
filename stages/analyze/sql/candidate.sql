-- One backend x scenario x objective: the value that is to be small, its evidence, and for dollars the price that is cheapest for the
-- backend over all scenarios of a mode among those of the hardware that ran.
with cell as (
    select
        c.*,
        infra_usd_per_mtok / hours_per_mtok as usd_per_used_hour,
        energy_usd_per_mtok / nullif(kwh_per_mtok, 0) as usd_per_used_kwh,
        concat_ws(' ', provider, region, instance, tier) as price
    from cost as c
    where c.match = 'measured' and c.basis = case when c.mode = 'prefill' then 'input' else 'output' end
),

mean as (
    select backend, device, model, dtype, mode, kv_cache, price, avg(total_usd_per_mtok) as usd
    from cell
    group by backend, device, model, dtype, mode, kv_cache, price
    having count(total_usd_per_mtok) = count(*)
),

cheapest as (
    select *, row_number() over (partition by backend, device, model, dtype, mode, kv_cache order by usd asc, price asc) as place
    from mean
),

usd as (
    select
        c.backend,
        c.device,
        c.model,
        c.dtype,
        c.mode,
        c.kv_cache,
        c.scenario,
        c.total_usd_per_mtok as value,
        -- dollars of a rent that includes power hold no energy
        case when c.includes_power then 'derived' else c.energy_evidence end as evidence,
        c.price,
        c.hours_per_mtok,
        c.kwh_per_mtok,
        c.usd_per_used_hour,
        case when c.includes_power then 0 else c.usd_per_used_kwh end as usd_per_used_kwh
    from cell as c
    inner join cheapest as p
        on c.backend = p.backend and c.device = p.device and c.model = p.model and c.dtype = p.dtype and c.mode = p.mode
        and c.kv_cache = p.kv_cache and c.price = p.price and p.place = 1
),

carbon as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        min(gco2e_per_mtok) as value,
        max(energy_evidence) as evidence
    from cell
    where tier = 'on_prem'
    group by backend, device, model, dtype, mode, kv_cache, scenario
),

known as (
    select
        metric,
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        estimate as value,
        evidence
    from estimate
    where level = 'cell' and metric in ('latency_ms', 'gross_kwh_per_mtok')
),

candidate as (
    select
        'cheapest' as objective,
        'total_usd_per_mtok' as metric,
        *
    from usd
    union all
    select
        case when metric = 'latency_ms' then 'fastest' else 'least_energy' end as objective,
        metric,
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        value,
        evidence,
        cast(null as varchar) as price,
        cast(null as double) as hours_per_mtok,
        cast(null as double) as kwh_per_mtok,
        cast(null as double) as usd_per_used_hour,
        cast(null as double) as usd_per_used_kwh
    from known
    union all
    select
        'least_carbon' as objective,
        'gco2e_per_mtok' as metric,
        *,
        cast(null as varchar) as price,
        cast(null as double) as hours_per_mtok,
        cast(null as double) as kwh_per_mtok,
        cast(null as double) as usd_per_used_hour,
        cast(null as double) as usd_per_used_kwh
    from carbon
)

select *
from candidate
where value > 0
order by objective, model, mode, kv_cache, backend, device, dtype, scenario

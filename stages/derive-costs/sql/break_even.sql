-- One backend x rented price x workload: tokens and months after which the own machine is cheaper than renting by use.
with own as (
    select backend, device, model, dtype, kv_cache, workload, min(total_usd_per_mtok) as own_usd_per_mtok
    from tco
    where tier = 'on_prem'
    group by backend, device, model, dtype, kv_cache, workload
),

pair as (
    select
        t.*,
        o.capex_usd - o.residual_usd as net_capex_usd,
        n.own_usd_per_mtok,
        case
            when n.own_usd_per_mtok is null then 'the own machine''s electricity is not known'
            when t.total_usd_per_mtok is null then 'the rented cost is not known'
            when t.total_usd_per_mtok <= n.own_usd_per_mtok then 'renting is cheaper than the own electricity'
        end as reason
    from tco as t
    cross join owned as o
    left join own as n
        on t.backend = n.backend and t.device = n.device and t.model = n.model and t.dtype = n.dtype
        and t.kv_cache = n.kv_cache and t.workload = n.workload
    where t.tier <> 'on_prem'
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
    net_capex_usd as capex_usd,
    own_usd_per_mtok,
    total_usd_per_mtok as rent_usd_per_mtok,
    case when reason is null then net_capex_usd / (total_usd_per_mtok - own_usd_per_mtok) end as break_even_mtok,
    case when reason is null then net_capex_usd / (total_usd_per_mtok - own_usd_per_mtok) / volume_mtok end as break_even_months,
    reason,
    match
from pair

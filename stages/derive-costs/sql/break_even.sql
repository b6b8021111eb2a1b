-- One backend x alternative x workload x basis. One own machine costs F + m V for V million tokens a month, up to its capacity; by
-- usage the alternative costs r V, by reservation R a machine. The purchase is paid back out of what owning saves each month.
with alternative as (
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
        match,
        usd_evidence,
        'usage' as rent_basis,
        monthly_usd / volume_mtok as rent_usd_per_mtok,
        cast(null as double) as rent_usd_per_month,
        volume_mtok
    from tco
    where tier <> 'on_prem'
    union all
    select
        t.backend,
        t.device,
        t.model,
        t.dtype,
        t.kv_cache,
        t.workload,
        t.provider,
        t.region,
        t.instance,
        t.tier,
        t.match,
        t.usd_evidence,
        'reservation' as rent_basis,
        cast(null as double) as rent_usd_per_mtok,
        t.reserved_monthly_usd / greatest(ceil(t.machines), 1) as rent_usd_per_month,
        t.volume_mtok
    from tco as t
    where t.tier <> 'on_prem'
    union all
    select
        m.backend,
        m.device,
        m.model,
        m.dtype,
        m.kv_cache,
        m.workload,
        a.provider,
        a.region,
        a.instance,
        'api' as tier,
        'extrapolated' as match,
        'extrapolated' as usd_evidence,
        'usage' as rent_basis,
        a.usd_per_mtok as rent_usd_per_mtok,
        cast(null as double) as rent_usd_per_month,
        w.volume_mtok
    from own_month as m
    inner join api_cost as a on m.workload = a.workload
    inner join workload as w on m.workload = w.name
),

pair as (
    select
        a.*,
        m.net_capex_usd,
        m.purchase_usd_per_month + m.upkeep_usd_per_month = 0 as is_free,
        weakest_of(a.usd_evidence, m.usd_evidence) as evidence,
        m.capacity_mtok,
        m.added_usd_per_mtok,
        m.upkeep_usd_per_month + m.idle_usd_per_month as running_usd_per_month,
        m.purchase_usd_per_month + m.upkeep_usd_per_month + m.idle_usd_per_month as own_usd_per_month,
        greatest(ceil(a.volume_mtok / m.capacity_mtok), 1) as own_machines
    from alternative as a
    left join own_month as m
        on a.backend = m.backend and a.device = m.device and a.model = m.model and a.dtype = m.dtype
        and a.kv_cache = m.kv_cache and a.workload = m.workload
),

solved as (
    select
        *,
        case
            when rent_basis = 'usage' then own_usd_per_month / nullif(rent_usd_per_mtok - added_usd_per_mtok, 0)
            else (rent_usd_per_month - own_usd_per_month) / nullif(added_usd_per_mtok, 0)
        end as volume,
        case when rent_basis = 'usage' then rent_usd_per_mtok * volume_mtok else rent_usd_per_month * own_machines end
        - running_usd_per_month * own_machines - added_usd_per_mtok * volume_mtok as saved_usd_per_month
    from pair
),

judged as (
    select
        *,
        case
            when is_free then 'no purchase of the own machine is configured'
            when own_usd_per_month is null or added_usd_per_mtok is null then 'the own machine''s energy or tariff is not known'
            when rent_usd_per_mtok is null and rent_usd_per_month is null then 'the alternative''s cost is not known'
            when rent_basis = 'usage' and rent_usd_per_mtok <= added_usd_per_mtok
                then 'the alternative costs less than the own electricity'
            when rent_basis = 'usage' and volume > capacity_mtok
                then 'one own machine does not make enough tokens to be cheaper'
            when rent_basis = 'reservation' and rent_usd_per_month <= own_usd_per_month
                then 'the alternative costs less than an own machine without work'
            when rent_basis = 'reservation' and (volume is null or volume > capacity_mtok)
                then 'owning is cheaper at any volume'
        end as no_volume,
        case when saved_usd_per_month <= 0 and not is_free then 'at the configured volume owning saves nothing' end as no_payback
    from solved
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
    rent_basis,
    coalesce(net_capex_usd, o.capex_usd - o.residual_usd) as capex_usd,
    own_usd_per_month,
    added_usd_per_mtok as own_usd_per_mtok,
    capacity_mtok as own_capacity_mtok,
    rent_usd_per_mtok,
    rent_usd_per_month,
    case when no_volume is null then volume end as break_even_mtok_per_month,
    case
        when no_payback is null and not is_free then net_capex_usd * own_machines / saved_usd_per_month * volume_mtok
    end as break_even_mtok,
    case when no_payback is null and not is_free then net_capex_usd * own_machines / saved_usd_per_month end as break_even_months,
    case
        when no_volume is not null and no_payback is not null then concat(no_volume, ', and ', no_payback)
        else coalesce(no_volume, no_payback)
    end as reason,
    evidence,
    match
from judged
cross join owned as o

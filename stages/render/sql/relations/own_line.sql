-- One way of paying x volume a month: what a month costs, for the first workload on the own machine's best backend. One machine each.
with one as (
    select b.*, o.usd_evidence as own_evidence
    from break_even as b
    inner join owner as o
        on b.workload = o.workload and b.backend = o.backend and b.kv_cache = o.kv_cache and b.device = o.device
        and b.model = o.model and b.dtype = o.dtype
    where b.workload = (select min(workload) from owner)
),

cheapest as (
    select
        *,
        case match when 'measured' then '' else ', other hardware' end as hardware,
        row_number() over (
            partition by rent_basis, match, case when tier = 'api' then 'api' else 'hour' end
            order by coalesce(rent_usd_per_mtok, rent_usd_per_month) asc nulls last, provider asc, region asc, instance asc
        ) as place
    from one
    where own_usd_per_month is not null and own_usd_per_mtok is not null
),

way as (
    select distinct
        workload,
        'own machine' as way,
        own_usd_per_month as fixed_usd,
        own_usd_per_mtok as added_usd,
        own_capacity_mtok as capacity_mtok,
        own_evidence as evidence
    from cheapest
    where place = 1
    union all
    select
        workload,
        case
            when tier = 'api' then 'API: ' || instance
            when rent_basis = 'usage' then 'rent by use: ' || instance || ' ' || tier || hardware
            else 'rent a month: ' || instance || ' ' || tier || hardware
        end as way,
        coalesce(rent_usd_per_month, 0) as fixed_usd,
        coalesce(rent_usd_per_mtok, 0) as added_usd,
        case when rent_basis = 'reservation' then own_capacity_mtok end as capacity_mtok,
        evidence
    from cheapest
    where place = 1 and (rent_usd_per_mtok is not null or rent_usd_per_month is not null)
)

select
    w.workload,
    w.way,
    w.fixed_usd,
    w.added_usd,
    w.capacity_mtok,
    w.evidence,
    v.share * w.most as mtok,
    w.fixed_usd + w.added_usd * v.share * w.most as usd
from (select *, max(capacity_mtok) over () as most from way) as w
cross join volume as v

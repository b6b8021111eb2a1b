-- One workload x tier x basis x hardware (what ran, or other): the cheapest alternative to owning, with the own machine's best backend.
with placed as (
    select
        b.*,
        row_number() over (
            partition by b.workload, b.tier, b.rent_basis, b.match
            order by coalesce(b.rent_usd_per_mtok, b.rent_usd_per_month) asc nulls last, b.provider asc, b.region asc, b.instance asc
        ) as place
    from break_even as b
    inner join owner as o
        on b.workload = o.workload and b.backend = o.backend and b.kv_cache = o.kv_cache and b.device = o.device
        and b.model = o.model and b.dtype = o.dtype
)

select
    workload,
    backend,
    device,
    model,
    dtype,
    kv_cache,
    region,
    tier,
    rent_basis,
    provider,
    instance,
    rent_usd_per_mtok,
    rent_usd_per_month,
    own_usd_per_month,
    own_usd_per_mtok,
    break_even_mtok_per_month,
    break_even_months,
    coalesce(reason, '') as reason,
    match,
    evidence
from placed
where place = 1

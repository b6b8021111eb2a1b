-- One workload x utilisation x rented hardware (what ran, or other): a million tokens on the own machine, all of it paid for, beside the
-- cheapest rent by the hour.
with best as (
    select u.*
    from utilisation_cost as u
    inner join owner as o
        on u.workload = o.workload and u.backend = o.backend and u.kv_cache = o.kv_cache and u.device = o.device
        and u.model = o.model and u.dtype = o.dtype
),

rented as (
    select
        *,
        row_number() over (
            partition by workload, utilisation, match
            order by total_usd_per_mtok asc nulls last, provider asc, region asc, instance asc, tier asc
        ) as place
    from best
    where tier <> 'on_prem'
),

owned as (
    select
        *,
        row_number() over (partition by workload, utilisation order by provider asc, region asc, instance asc) as place
    from best
    where tier = 'on_prem'
)

select
    coalesce(o.workload, r.workload) as workload,
    coalesce(o.backend, r.backend) as backend,
    coalesce(o.utilisation, r.utilisation) as utilisation,
    o.device,
    o.model,
    o.dtype,
    o.kv_cache,
    o.provider,
    o.region,
    o.instance,
    o.tier,
    o.ci_level,
    o.infra_usd_per_mtok,
    o.load_usd_per_mtok,
    o.idle_usd_per_mtok,
    o.total_usd_per_mtok as own_usd,
    o.ci_low_usd_per_mtok as own_low,
    o.ci_high_usd_per_mtok as own_high,
    o.gco2e_per_mtok,
    o.usd_evidence as own_usd_evidence,
    o.usd_evidence as infra_usd_per_mtok_evidence,
    o.usd_evidence as load_usd_per_mtok_evidence,
    o.usd_evidence as idle_usd_per_mtok_evidence,
    o.gco2e_evidence as gco2e_per_mtok_evidence,
    r.usd_evidence as rent_usd_evidence,
    r.match as rent_match,
    weakest_of(
        coalesce(o.usd_evidence, 'measured'),
        case when o.gco2e_per_mtok is null then 'measured' else o.gco2e_evidence end,
        case when r.total_usd_per_mtok is null then 'measured' else r.usd_evidence end
    ) as evidence,
    r.provider as rent_provider,
    r.region as rent_region,
    r.instance as rent_instance,
    r.tier as rent_tier,
    r.total_usd_per_mtok as rent_usd,
    r.ci_low_usd_per_mtok as rent_low,
    r.ci_high_usd_per_mtok as rent_high
from (select * from owned where place = 1) as o
full outer join (select * from rented where place = 1) as r on o.workload = r.workload and o.utilisation = r.utilisation

-- One workload x backend x terms: the cheapest price, over the configured months.
with placed as (
    select
        t.*,
        b.name,
        case when t.kv_cache then 'KV cache' else 'no cache' end as cache,
        weakest_of(t.usd_evidence, case when t.carbon_kgco2e is null then t.usd_evidence else t.gco2e_evidence end) as evidence,
        t.gco2e_evidence as carbon_kgco2e_evidence,
        t.gco2e_evidence as embodied_kgco2e_evidence,
        row_number() over (
            partition by t.workload, t.backend, t.device, t.model, t.dtype, t.kv_cache, t.tier, t.match
            order by t.total_usd asc nulls last, t.provider asc, t.region asc, t.instance asc
        ) as choice,
        rank() over (partition by t.workload, t.backend, t.device, t.model, t.dtype order by t.kv_cache desc) as cached_first
    from tco as t
    inner join backend_label as b
        on t.backend = b.backend and t.device = b.device and t.model = b.model and t.dtype = b.dtype
)

select *
from placed
where choice = 1 and cached_first = 1

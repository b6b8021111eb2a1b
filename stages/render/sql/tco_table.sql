-- One workload x backend x terms: the cheapest price, over the configured months.
with placed as (
    select
        t.*,
        b.name,
        case when t.kv_cache then 'KV cache' else 'no cache' end as cache,
        case when t.match = 'extrapolated' then 'extrapolated' else 'derived' end as evidence,
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

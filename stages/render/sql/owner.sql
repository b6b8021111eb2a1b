-- One workload: the backend that makes a million tokens on the own machine with the least electricity, cached decoding first.
select workload, backend, device, model, dtype, kv_cache
from (
    select
        *,
        row_number() over (partition by workload order by total_usd asc nulls last, kv_cache desc, backend asc, dtype asc) as place
    from request_cost
    where tier = 'on_prem'
) as placed
where place = 1

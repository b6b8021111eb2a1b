-- One workload: the backend whose requests cost least on the own machine, cached decoding first.
select workload, backend, device, model, dtype, kv_cache, usd_evidence
from (
    select
        *,
        row_number() over (partition by workload order by total_usd asc nulls last, kv_cache desc, backend asc, dtype asc) as place
    from request_cost
    where tier = 'on_prem'
) as placed
where place = 1

-- One cell: how its runs ended, and the codes of the checks that found something in them. A run that did not start has no device; it
-- counts with the runs of its backend that did.
with placed as (
    select
        session_id,
        run_id,
        backend,
        coalesce(
            nullif(device, 'unknown'),
            max(nullif(device, 'unknown')) over (partition by backend, model, mode, kv_cache, scenario),
            'unknown'
        ) as device,
        model,
        coalesce(
            nullif(dtype, 'unknown'),
            max(nullif(dtype, 'unknown')) over (partition by backend, model, mode, kv_cache, scenario),
            'unknown'
        ) as dtype,
        mode,
        kv_cache,
        scenario,
        status
    from run
),

flagged as (
    select session_id, run_id, array_agg(distinct code order by code) as codes
    from flag
    group by session_id, run_id
),

joined as (
    select p.*, f.codes
    from placed as p
    left join flagged as f on p.session_id = f.session_id and p.run_id = f.run_id
)

select
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    count(*) as runs,
    sum(case when status in ('ok', 'degraded') then 1 else 0 end) as usable,
    sum(case when status = 'degraded' then 1 else 0 end) as degraded,
    coalesce(array_distinct(flatten(array_agg(codes))), make_array()) as codes
from joined
group by backend, device, model, dtype, mode, kv_cache, scenario

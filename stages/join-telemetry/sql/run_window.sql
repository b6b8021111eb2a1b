-- One run: its cell, whether it may be used, how long its window was and the tokens in it. Without clock times a window is as long as
-- its iterations.
with timed as (
    select
        r.*,
        s.source,
        r.status in ('ok', 'degraded') as usable,
        case
            when r.iterations > 0
                then coalesce(cast(r.end_ns - r.start_ns as double) / 1e9, r.latency_ms * r.iterations / 1e3)
        end as length_s
    -- the small side first: it is the one that is kept in memory
    from session as s
    inner join run as r on s.session_id = r.session_id
)

select
    session_id,
    run_id,
    cell_id(backend, device, model, dtype, mode, cast(kv_cache as varchar), scenario) as cell_id,
    coalesce("order", repetition) as place,
    usable,
    case
        when not usable then concat_ws(': ', status, reason)
        when coalesce(iterations, 0) = 0 then 'no iteration was counted'
        when length_s is null then 'neither clock times nor a latency'
        when length_s <= 0 then 'window of no length'
    end as reason,
    case when usable and length_s > 0 then length_s end as window_s,
    case when source = 'imported' then 'imported' else 'measured' end as time_evidence,
    case when usable then iterations * prompt_tokens end as input_tokens,
    case when usable then iterations * prompt_tokens_padded end as input_tokens_padded,
    case when usable then iterations * tokens_generated end as output_tokens,
    case when usable then latency_ms end as latency_ms
from timed

-- One finished run x token basis: hours and kWh that a million tokens of this basis take. Without clock times a run is as long as its
-- iterations.
with timed as (
    select
        r.*,
        h.hardware,
        case when s.source = 'imported' then 'imported' else 'measured' end as time_evidence,
        coalesce(cast(r.end_ns - r.start_ns as double) / 1e9, r.latency_ms * r.iterations / 1e3) as window_s,
        cast(
            r.iterations * case when c.token_count = 'padded' then r.prompt_tokens_padded else r.prompt_tokens end as double
        ) as input_tokens,
        cast(r.iterations * r.tokens_generated as double) as output_tokens
    -- the small sides first: they are the ones that are kept in memory
    from config as c
    cross join session as s
    inner join run as r on s.session_id = r.session_id
    inner join ran_on as h
        on r.session_id = h.session_id and r.device = h.device and r.threads is not distinct from h.threads
    where
        r.status in ('ok', 'degraded') and r.iterations > 0
        and coalesce(cast(r.end_ns - r.start_ns as double) / 1e9, r.latency_ms * r.iterations / 1e3) > 0
),

counted as (
    select *, 'input' as basis, input_tokens as tokens from timed where mode = 'prefill'
    union all
    select *, 'output' as basis, output_tokens as tokens from timed where mode = 'generate'
    union all
    select *, 'total' as basis, input_tokens + output_tokens as tokens from timed
)

select
    t.session_id,
    t.run_id,
    t.backend,
    t.device,
    t.model,
    t.dtype,
    t.mode,
    t.kv_cache,
    t.scenario,
    t.batch,
    t.hardware,
    coalesce(t."order", t.repetition) as place,
    t.basis,
    t.window_s,
    t.window_s / 3600 / t.tokens * 1e6 as hours_per_mtok,
    e.energy_j / 3.6e6 / t.tokens * 1e6 as kwh_per_mtok,
    e.error_j / 3.6e6 / t.tokens * 1e6 as kwh_error_per_mtok,
    e.energy_scope,
    coalesce(e.evidence, 'unknown') as evidence,
    t.time_evidence
from counted as t
left join run_energy_used as e on t.session_id = e.session_id and t.run_id = e.run_id
where t.tokens > 0

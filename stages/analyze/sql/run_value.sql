-- One run: how it ended, what was measured of it, one column a quantity, and what is to be checked. Energy counts per million tokens of
-- the mode: prompt tokens of prefill, new tokens of generate. A run that did not finish has no quantities.
with timed as (
    select
        r.*,
        s.source,
        r.status in ('ok', 'degraded') as finished,
        cast(r.end_ns - r.start_ns as double) / 1e9 as clock_s
    from session as s
    inner join run as r on s.session_id = r.session_id
),

counted as (
    select
        *,
        case when finished and iterations > 0 then nullif(coalesce(clock_s, latency_ms * iterations / 1e3), 0) end as window_s,
        cast(iterations * case when mode = 'prefill' then prompt_tokens else tokens_generated end as double) as tokens
    from timed
)

select
    c.session_id,
    c.run_id,
    c.backend,
    c.device,
    c.model,
    c.dtype,
    c.mode,
    c.kv_cache,
    c.scenario,
    coalesce(c."order", c.repetition) as place,
    case when c.window_s > 0 then cast(c.latency_ms as double) end as latency_ms,
    case when c.window_s > 0 and c.mode = 'generate' then cast(c.ttft_ms as double) end as ttft_ms,
    case when c.window_s > 0 and c.mode = 'generate' then cast(c.tpot_ms as double) end as tpot_ms,
    case when c.window_s > 0 and c.mode = 'prefill' then c.tokens / c.window_s end as input_tokens_per_s,
    case when c.window_s > 0 and c.mode = 'generate' and c.tokens > 0 then c.tokens / c.window_s end as output_tokens_per_s,
    case when c.window_s > 0 and c.tokens > 0 then e.gross_j / 3.6e6 / c.tokens * 1e6 end as gross_kwh_per_mtok,
    case when c.window_s > 0 and c.tokens > 0 then e.net_j / 3.6e6 / c.tokens * 1e6 end as net_kwh_per_mtok,
    case when c.window_s > 0 and c.tokens > 0 then e.error_j / 3.6e6 / c.tokens * 1e6 end as gross_kwh_error_per_mtok,
    case when c.window_s > 0 then e.gross_w end as gross_power_w,
    case when c.window_s > 0 and c.mode = 'generate' then cast(e.decode_j as double) end as decode_j_per_token,
    case when c.tokens > 0 then c.window_s / 3600 / c.tokens * 1e6 end as hours_per_mtok,
    c.tokens,
    e.gpu_j,
    e.cpu_package_j,
    e.dram_j,
    e.node_j,
    case when c.source = 'imported' then 'imported' else 'measured' end as evidence,
    coalesce(e.energy_evidence, 'unknown') as energy_evidence,
    c.status,
    c.other_cpu_pct,
    c.warmup_cv_pct,
    c.cores_busy - c.threads as cores_beyond_threads,
    c.finished and c.tokens_generated < c.new_tokens_asked * c.batch as output_shortened,
    case when c.finished then c.clock_s * 1e3 end as clock_ms,
    e.energy_estimated,
    e.energy_net_negative,
    e.energy_unknown,
    e.throttled_pct,
    e.counter_gap_pct
from counted as c
left join run_check as e on c.session_id = e.session_id and c.run_id = e.run_id

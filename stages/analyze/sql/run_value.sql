-- One run: how it ended, what was measured of it, one column a quantity, and what is to be checked. Energy counts per million tokens of
-- the mode: prompt tokens of prefill, new tokens of generate. A run without a window has no quantities.
with counted as (
    select
        f.*,
        c.mode,
        cast(case when c.mode = 'prefill' then f.input_tokens else f.output_tokens end as double) as tokens
    -- the small side first: it is the one that is kept in memory
    from cell as c
    inner join run_fact as f on c.cell_id = f.cell_id
)

select
    f.session_id,
    f.run_id,
    f.cell_id,
    f.place,
    case when f.window_s > 0 then f.latency_ms end as latency_ms,
    case when f.window_s > 0 and f.mode = 'generate' then cast(r.ttft_ms as double) end as ttft_ms,
    case when f.window_s > 0 and f.mode = 'generate' then cast(r.tpot_ms as double) end as tpot_ms,
    case when f.mode = 'prefill' then f.tokens / f.window_s end as input_tokens_per_s,
    case when f.mode = 'generate' and f.tokens > 0 then f.tokens / f.window_s end as output_tokens_per_s,
    case when f.window_s > 0 and f.tokens > 0 then f.energy_gross_j / 3.6e6 / f.tokens * 1e6 end as gross_kwh_per_mtok,
    case when f.window_s > 0 and f.tokens > 0 then f.energy_net_j / 3.6e6 / f.tokens * 1e6 end as net_kwh_per_mtok,
    case when f.window_s > 0 and f.tokens > 0 then f.energy_error_j / 3.6e6 / f.tokens * 1e6 end as gross_kwh_error_per_mtok,
    case when f.window_s > 0 then f.mean_power_w end as gross_power_w,
    case when f.window_s > 0 and f.mode = 'generate' then f.decode_j_per_token end as decode_j_per_token,
    case when f.tokens > 0 then f.window_s / 3600 / f.tokens * 1e6 end as hours_per_mtok,
    f.energy_gross_j / nullif(f.tokens, 0) as j_per_token,
    f.time_evidence as evidence,
    f.energy_evidence,
    f.usable,
    r.status,
    r.other_cpu_pct,
    r.warmup_cv_pct,
    r.cores_busy - r.threads as cores_beyond_threads,
    f.usable and r.tokens_generated < r.new_tokens_asked * r.batch as output_shortened,
    case when f.usable then cast(r.end_ns - r.start_ns as double) / 1e9 * 1e3 end as clock_ms,
    e.energy_estimated,
    e.energy_net_negative,
    e.energy_unknown,
    e.throttled_pct,
    e.counter_gap_pct
from counted as f
inner join run as r on f.session_id = r.session_id and f.run_id = r.run_id
left join run_check as e on f.session_id = e.session_id and f.run_id = e.run_id

-- One finished run: what was measured of it, one column a quantity, and how time and energy are known. Energy counts per million
-- tokens of the mode: prompt tokens of prefill, new tokens of generate.
with finished as (
    select
        r.*,
        s.source,
        coalesce(cast(r.end_ns - r.start_ns as double) / 1e9, r.latency_ms * r.iterations / 1e3) as window_s,
        cast(r.iterations * r.prompt_tokens as double) as input_tokens,
        cast(r.iterations * r.tokens_generated as double) as output_tokens
    from run as r
    inner join session as s on r.session_id = s.session_id
    where
        r.status in ('ok', 'degraded') and r.iterations > 0
        and coalesce(cast(r.end_ns - r.start_ns as double) / 1e9, r.latency_ms * r.iterations / 1e3) > 0
),

clocked as (
    select
        *,
        case when source = 'imported' then 'imported' else 'measured' end as evidence,
        case when mode = 'prefill' then input_tokens else output_tokens end as tokens
    from finished
),

-- A node sensor covers the other scopes, so where it is valid it counts alone, as it does in the costs.
scoped as (
    select
        *,
        bool_or(scope = 'node' and valid) over (partition by session_id, run_id) as has_node
    from run_energy
    where device_id = 'total'
),

energy as (
    select
        session_id,
        run_id,
        case when bool_and(valid) then sum(energy_gross_j) end as gross_j,
        case when bool_and(valid) then sum(energy_net_j) end as net_j,
        case when bool_and(valid) then sum(mean_power_w) end as gross_w,
        case when count(decode_j_per_token) = count(*) then sum(decode_j_per_token) end as decode_j,
        max(case evidence
            when 'measured_counter' then 1
            when 'measured_integral' then 2
            when 'imported' then 3
            when 'estimated' then 4
            else 5
        end) as weakness
    from scoped
    where not has_node or scope = 'node'
    group by session_id, run_id
),

joined as (
    select
        c.*,
        e.gross_j,
        e.net_j,
        e.gross_w,
        e.decode_j,
        case e.weakness
            when 1 then 'measured_counter'
            when 2 then 'measured_integral'
            when 3 then 'imported'
            when 4 then 'estimated'
            else 'unknown'
        end as energy_evidence
    from clocked as c
    left join energy as e on c.session_id = e.session_id and c.run_id = e.run_id
)

select
    session_id,
    run_id,
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    coalesce("order", repetition) as place,
    cast(latency_ms as double) as latency_ms,
    case when mode = 'generate' then cast(ttft_ms as double) end as ttft_ms,
    case when mode = 'generate' then cast(tpot_ms as double) end as tpot_ms,
    case when mode = 'prefill' then input_tokens / window_s end as input_tokens_per_s,
    case when mode = 'generate' and output_tokens > 0 then output_tokens / window_s end as output_tokens_per_s,
    case when tokens > 0 then gross_j / 3.6e6 / tokens * 1e6 end as gross_kwh_per_mtok,
    case when tokens > 0 then net_j / 3.6e6 / tokens * 1e6 end as net_kwh_per_mtok,
    gross_w as gross_power_w,
    case when mode = 'generate' then cast(decode_j as double) end as decode_j_per_token,
    tokens,
    case when tokens > 0 then window_s / 3600 / tokens * 1e6 end as hours_per_mtok,
    evidence,
    energy_evidence
from joined

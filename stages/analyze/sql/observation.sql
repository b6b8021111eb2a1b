-- One finished run x metric: its value and how it is known. Energy counts per million tokens of the mode: prompt tokens of
-- prefill, new tokens of generate.
with finished as (
    select
        r.*,
        s.source,
        cast(r.end_ns - r.start_ns as double) / 1e9 as window_s,
        cast(r.iterations * r.prompt_tokens as double) as input_tokens,
        cast(r.iterations * r.tokens_generated as double) as output_tokens
    from run as r
    inner join session as s on r.session_id = s.session_id
    where r.status in ('ok', 'degraded') and r.end_ns > r.start_ns and r.iterations > 0
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
),

long as (
    select *, 'latency_ms' as metric, latency_ms as value, evidence as known from joined
    union all
    select *, 'ttft_ms' as metric, ttft_ms as value, evidence as known from joined where mode = 'generate'
    union all
    select *, 'tpot_ms' as metric, tpot_ms as value, evidence as known from joined where mode = 'generate'
    union all
    select *, 'input_tokens_per_s' as metric, input_tokens / window_s as value, evidence as known from joined where mode = 'prefill'
    union all
    select *, 'output_tokens_per_s' as metric, output_tokens / window_s as value, evidence as known
    from joined where mode = 'generate' and output_tokens > 0
    union all
    select *, 'gross_kwh_per_mtok' as metric, gross_j / 3.6e6 / tokens * 1e6 as value, energy_evidence as known
    from joined where tokens > 0
    union all
    select *, 'net_kwh_per_mtok' as metric, net_j / 3.6e6 / tokens * 1e6 as value, energy_evidence as known
    from joined where tokens > 0
    union all
    select *, 'gross_power_w' as metric, gross_w as value, energy_evidence as known from joined
    union all
    select *, 'decode_j_per_token' as metric, decode_j as value, energy_evidence as known from joined where mode = 'generate'
)

select metric, backend, device, model, dtype, mode, kv_cache, scenario, run_id, cast(value as double) as value, known as evidence
from long
where value is not null
order by metric, backend, device, model, dtype, mode, kv_cache, scenario, run_id

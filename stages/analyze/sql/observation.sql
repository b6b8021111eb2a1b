-- One metric x cell: the values of its runs in the order of execution, and the weakest way in which one of them is known.
with long as (
    select *, 'latency_ms' as metric, latency_ms as value, evidence as known from run_value
    union all
    select *, 'ttft_ms' as metric, ttft_ms as value, evidence as known from run_value
    union all
    select *, 'tpot_ms' as metric, tpot_ms as value, evidence as known from run_value
    union all
    select *, 'input_tokens_per_s' as metric, input_tokens_per_s as value, evidence as known from run_value
    union all
    select *, 'output_tokens_per_s' as metric, output_tokens_per_s as value, evidence as known from run_value
    union all
    select *, 'gross_kwh_per_mtok' as metric, gross_kwh_per_mtok as value, energy_evidence as known from run_value
    union all
    select *, 'net_kwh_per_mtok' as metric, net_kwh_per_mtok as value, energy_evidence as known from run_value
    union all
    select *, 'gross_power_w' as metric, gross_power_w as value, energy_evidence as known from run_value
    union all
    select *, 'decode_j_per_token' as metric, decode_j_per_token as value, energy_evidence as known from run_value
),

cell as (
    select
        metric,
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        array_agg(value order by session_id, place, run_id) as runs,
        max(case known
            when 'measured' then 1
            when 'measured_counter' then 2
            when 'measured_integral' then 3
            when 'derived' then 4
            when 'imported' then 5
            when 'estimated' then 6
            when 'extrapolated' then 7
            else 8
        end) as weakness
    from long
    where value is not null
    group by metric, backend, device, model, dtype, mode, kv_cache, scenario
)

select
    metric,
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    runs,
    make_array(
        'measured', 'measured_counter', 'measured_integral', 'derived', 'imported', 'estimated', 'extrapolated', 'unknown'
    )[weakness] as evidence
from cell

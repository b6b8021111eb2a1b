-- One cell of another run beside this run's: same backend, mode, scenario. Null where this run has none.
with here as (
    select * from estimate where level = 'cell'
),

there as (
    select * from beside where level = 'cell' and metric in ('latency_ms', 'gross_kwh_per_mtok')
)

select
    t.metric,
    t.mode || case when t.mode = 'prefill' then '' when t.kv_cache then ', KV cache' else ', no cache' end as mode_name,
    t.mode,
    t.kv_cache,
    t.scenario,
    t.backend,
    t.device as there_device,
    t.dtype as there_dtype,
    t.estimate as there_value,
    h.device as here_device,
    h.model as here_model,
    h.dtype as here_dtype,
    h.estimate as here_value,
    h.ci_low as here_low,
    h.ci_high as here_high,
    h.ci_level,
    h.n,
    weakest_of(coalesce(h.evidence, t.evidence), coalesce(t.evidence, h.evidence)) as evidence,
    h.estimate / nullif(t.estimate, 0.0) as ratio
from there as t
left join here as h
    on t.metric = h.metric
    and t.backend = h.backend
    and t.mode = h.mode
    and t.kv_cache = h.kv_cache
    and t.scenario = h.scenario

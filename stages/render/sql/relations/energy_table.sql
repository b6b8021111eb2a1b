-- One backend x mode x scope: energy of the runs, gross and net side by side, with its evidence. Cells are numbered by backend and mode
-- first, so that a million runs are joined without names.
with kind as (
    select *, row_number() over (order by backend, device, model, dtype, mode, kv_cache) as code
    from (select distinct backend, device, model, dtype, mode, kv_cache from estimate) as kinds
),

numbered as (
    select c.cell_id, c.mode, k.code
    from kind as k
    inner join cell as c
        on k.backend = c.backend and k.device = c.device and k.model = c.model and k.dtype = c.dtype and k.mode = c.mode
        and k.kv_cache = c.kv_cache
),

token as (
    select
        f.session_id,
        f.run_id,
        n.code,
        cast(case when n.mode = 'prefill' then f.input_tokens else f.output_tokens end as double) as tokens
    from numbered as n
    inner join run_fact as f on n.cell_id = f.cell_id
    where f.usable
),

mean as (
    select
        t.code,
        e.scope,
        e.evidence,
        count(*) as n,
        avg(e.mean_power_w) as mean_power_w,
        avg(e.energy_gross_j / t.tokens) as gross_j_per_token,
        avg(e.energy_net_j / t.tokens) as net_j_per_token
    from token as t
    inner join run_energy as e on t.session_id = e.session_id and t.run_id = e.run_id
    where e.device_id = 'total' and t.tokens > 0
    group by t.code, e.scope, e.evidence
)

select
    m.label as mode_name,
    m.place,
    b.name,
    k.backend,
    k.device,
    k.model,
    k.dtype,
    k.mode,
    k.kv_cache,
    a.scope,
    a.evidence,
    a.n,
    a.mean_power_w,
    a.gross_j_per_token,
    a.net_j_per_token
from mean as a
inner join kind as k on a.code = k.code
inner join mode_label as m on k.mode = m.mode and k.kv_cache = m.kv_cache
inner join backend_label as b on k.backend = b.backend and k.device = b.device and k.model = b.model and k.dtype = b.dtype

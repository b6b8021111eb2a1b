-- One backend x mode of generation x decoding step after the first: its mean time over scenarios, each the mean of its first ten
-- blocks, and the fastest and the slowest scenario. Steps that not every scenario reaches would compare other prompts: left out.
with step as (
    select
        f.cell_id,
        f.time_evidence,
        unnest(range(1, cast(cardinality(r.token_ms) as bigint) + 1)) as place,
        unnest(r.token_ms) as ms
    from run_fact as f
    inner join run as r on f.session_id = r.session_id and f.run_id = r.run_id
    where f.usable and r.repetition < 10 and r.token_ms is not null
),

stepped as (
    select
        cell_id,
        place,
        avg(ms) as ms,
        count(ms) as n,
        weakest(time_evidence) as evidence
    from step
    where place > 1
    group by cell_id, place
),

scenario as (
    select c.backend, c.device, c.model, c.dtype, c.mode, c.kv_cache, c.scenario, s.place, s.ms, s.n, s.evidence
    from cell as c
    inner join stepped as s on c.cell_id = s.cell_id
),

whole as (
    select backend, device, model, dtype, mode, kv_cache, count(distinct scenario) as scenarios
    from scenario
    group by backend, device, model, dtype, mode, kv_cache
),

mean as (
    select
        c.backend,
        c.device,
        c.model,
        c.dtype,
        c.mode,
        c.kv_cache,
        c.place as step,
        avg(c.ms) as ms,
        min(c.ms) as least_ms,
        max(c.ms) as most_ms,
        sum(c.n) as n,
        weakest(c.evidence) as evidence
    from scenario as c
    inner join whole as w
        on c.backend = w.backend and c.device = w.device and c.model = w.model and c.dtype = w.dtype and c.mode = w.mode
        and c.kv_cache = w.kv_cache
    group by c.backend, c.device, c.model, c.dtype, c.mode, c.kv_cache, c.place
    having count(*) = max(w.scenarios)
)

select b.name, l.label as mode_name, l.place, m.step, m.ms, m.least_ms, m.most_ms, m.n, m.evidence
from mean as m
inner join mode_label as l on m.mode = l.mode and m.kv_cache = l.kv_cache
inner join backend_label as b on m.backend = b.backend and m.device = b.device and m.model = b.model and m.dtype = b.dtype

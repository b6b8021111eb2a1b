-- One generate run x scope that has a prefill run to take off: gross energy of a token after the first. Prefill makes the first
-- token, so an iteration of generate less one of prefill of the same block is the energy of its other tokens.
with iteration as (
    select
        r.*,
        e.scope,
        e.evidence,
        e.energy_gross_j / r.iterations as iteration_j
    from total_energy as e
    inner join run as r on e.session_id = r.session_id and e.run_id = r.run_id
    left semi join (select session_id, run_id from run_window where usable) as w
        on r.session_id = w.session_id and r.run_id = w.run_id
    where r.iterations > 0
),

-- Of several prefill runs none is the one.
prefill as (
    select
        session_id,
        backend,
        device,
        dtype,
        model,
        scenario,
        batch,
        repetition,
        scope,
        weakest(evidence) as evidence,
        max(iteration_j) as iteration_j
    from iteration
    where mode = 'prefill'
    group by session_id, backend, device, dtype, model, scenario, batch, repetition, scope
    having count(*) = 1
)

select
    g.session_id,
    g.run_id,
    g.scope,
    case
        when g.evidence = p.evidence and g.tokens_generated > g.batch
            then (g.iteration_j - p.iteration_j) / (g.tokens_generated - g.batch)
    end as decode_j_per_token
from iteration as g
inner join prefill as p
    on g.session_id = p.session_id and g.backend = p.backend and g.device = p.device and g.dtype = p.dtype
    and g.model = p.model and g.scenario = p.scenario and g.batch = p.batch and g.repetition = p.repetition
    and g.scope = p.scope
where g.mode = 'generate'

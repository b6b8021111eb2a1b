-- A scope's energy is known as weakly as its weakest sensor; an estimate beside a valid measurement does not count.
with part as (
    select
        *,
        bool_or(valid and evidence <> 'estimated') over (partition by session_id, run_id, scope) as has_measured
    from run_energy
    where device_id <> 'total'
),

parts as (
    select session_id, run_id, scope, weakest(evidence) as evidence
    from part
    where evidence <> 'estimated' or not has_measured
    group by session_id, run_id, scope
)

select t.session_id, t.run_id, t.scope, t.evidence, p.evidence as parts
from run_energy as t
inner join parts as p on t.session_id = p.session_id and t.run_id = p.run_id and t.scope = p.scope
where t.device_id = 'total' and weakest_of(t.evidence, p.evidence) <> t.evidence

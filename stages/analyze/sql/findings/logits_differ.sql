-- A mode and scenario in which some engines computed logits for all positions and others for the last alone.
with computed as (
    select distinct r.model, r.mode, r.scenario, r.logits, r.backend
    from run as r
    left semi join (select session_id, run_id from run_fact where usable) as f on r.session_id = f.session_id and r.run_id = f.run_id
    where r.logits is not null
)

select
    'logits_differ' as code,
    model || ' ' || mode || ' ' || scenario as place,
    'warning' as severity,
    'logits are of all positions in ' || string_agg(case when logits = 'all' then backend end, ', ' order by backend)
    || ' and of the last alone in ' || string_agg(case when logits = 'last' then backend end, ', ' order by backend)
    || ': part of the difference in speed is that work' as what
from computed
group by model, mode, scenario
having count(distinct logits) > 1

-- One estimate of one cell, labelled.
select
    e.metric,
    m.label as mode,
    m.place,
    e.scenario,
    e.backend,
    e.estimate,
    e.median,
    e.ci_low,
    e.ci_high,
    e.n,
    e.evidence
from estimate as e
inner join mode_label as m on e.mode = m.mode and e.kv_cache = m.kv_cache
where e.level = 'cell'
order by m.place, e.scenario, e.backend, e.metric

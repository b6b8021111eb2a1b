-- One estimate of one backend and mode over its scenarios, labelled.
select
    e.metric,
    m.label as mode,
    m.place,
    e.backend,
    e.estimate,
    e.ci_low,
    e.ci_high,
    e.n,
    e.evidence
from estimate as e
inner join mode_label as m on e.mode = m.mode and e.kv_cache = m.kv_cache
where e.level = 'backend_mode'
order by m.place, e.metric, e.backend

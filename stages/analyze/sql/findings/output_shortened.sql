-- Runs whose sequences ended before as many tokens as were asked for: they are not comparable with those that went on.
select
    'output_shortened' as code,
    r.backend || case when r.kv_cache then ' cached ' else ' ' end || r.scenario as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' runs generated fewer tokens than were asked for, '
    || cast(min(r.tokens_generated) as varchar) || ' of ' || cast(max(r.new_tokens_asked * r.batch) as varchar) || ' at least' as what
from run as r
left semi join (select session_id, run_id from run_fact where usable) as f on r.session_id = f.session_id and r.run_id = f.run_id
where r.tokens_generated < r.new_tokens_asked * r.batch
group by r.backend, r.kv_cache, r.scenario

-- One series of readings whose session has runs: whether its times come from the clock of the runs, how far apart its readings are,
-- what its sensor averages over, as far as it is stated, and how far the clock of logs was set while the runs went on.
select
    cast(row_number() over (order by s.session_id, s.device_id, s.kind) as bigint) - 1 as place,
    s.session_id,
    s.device_id,
    s.kind,
    coalesce(max(n.clock) = 'runs', max(o.source) = 'measured') as is_same_clock,
    sum(cast(s.covered_ns as double)) / nullif(sum(s.samples), 0) as step_ns,
    max(n.averaging_ms) as averaging_ms,
    coalesce(max(n.averaging_from) = 'assumed', false) as is_averaging_assumed,
    coalesce(max(o.clock_step_ms), 0.0) as clock_step_ms
from span_energy as s
inner join session as o on s.session_id = o.session_id
left join sensor as n on s.session_id = n.session_id and s.device_id = n.device_id and s.kind = n.kind
where s.purpose = 'run'
group by s.session_id, s.device_id, s.kind

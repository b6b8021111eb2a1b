-- One run or idle baseline x series whose sensor averages or whose clock may be off: its window as the series shows it. What
-- a sensor averages over `a` shows until `a` later; clocks may differ by as much as is known of them.
select
    t.session_id,
    t.span_id,
    t.purpose,
    s.device_id,
    s.kind,
    p.part,
    s.averaging_ns,
    t.start_ns + cast(p.late * s.shift_high_ns + p.early * s.shift_low_ns as bigint) as start_ns,
    t.end_ns + cast(s.averaging_ns + p.late * s.shift_high_ns + p.early * s.shift_low_ns as bigint) as end_ns
from timespan as t
inner join sensor_trait as s on t.session_id = s.session_id
cross join (values ('whole', 0, 0), ('early', 1, 0), ('late', 0, 1)) as p (part, early, late)
where
    t.purpose <> 'around' and t.end_ns > t.start_ns
    and (s.averaging_ns > 0 or s.shift_low_ns <> 0 or s.shift_high_ns <> 0)

-- One metric x mode x backend: its place.
select r.*, m.label, array_to_string(r.tied_with, ', ') as tied
from ranking as r
inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache
order by r.metric desc, m.place, r.model, r.place nulls last, r.backend

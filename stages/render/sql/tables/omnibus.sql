-- One metric x mode x test of all backends at once.
select o.*, m.label
from omnibus as o
inner join mode_label as m on o.mode = m.mode and o.kv_cache = m.kv_cache
order by o.metric desc, m.place, o.model, o.test

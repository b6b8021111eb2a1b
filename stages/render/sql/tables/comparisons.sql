-- One metric x mode x pair of backends.
select c.*, c.test as method, m.label
from comparison as c
inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
order by c.metric desc, m.place, c.model, c.a, c.b

-- One estimate of one backend and mode over its scenarios, labelled.
select e.*, m.label as mode_name, m.place, b.name
from estimate as e
inner join mode_label as m on e.mode = m.mode and e.kv_cache = m.kv_cache
inner join backend_label as b on e.backend = b.backend and e.device = b.device and e.model = b.model and e.dtype = b.dtype
where e.level = 'backend_mode'

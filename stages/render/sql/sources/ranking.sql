-- One row: the backend's place.
select *
from ranking
where {=metric, model, mode, kv_cache, backend}

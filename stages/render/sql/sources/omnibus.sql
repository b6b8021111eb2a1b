-- One row: the test.
select *
from omnibus
where {=metric, model, mode, kv_cache, test}

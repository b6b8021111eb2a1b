-- One row: the estimate of one cell without a cache over that with one.
select u.estimate / c.estimate as factor, u.n + c.n as n
from estimate as c
inner join estimate as u
    on c.metric = u.metric and c.level = u.level and c.backend = u.backend and c.device = u.device and c.model = u.model
    and c.dtype = u.dtype and c.scenario = u.scenario
where {=c.metric} and c.level = 'cell' and {=c.backend, c.device, c.model, c.dtype, c.scenario} and c.mode = 'generate'
    and u.mode = 'generate' and c.kv_cache and not u.kv_cache

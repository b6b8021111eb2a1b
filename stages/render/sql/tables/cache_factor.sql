-- One metric x backend x scenario: without a cache over with one.
select *
from cache_factor
order by metric desc, scenario, name

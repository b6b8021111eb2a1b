-- Every price says where and when it was read.
select provider, region, instance, tier
from price
where trim(source) = '' or retrieved_on !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'

-- Every price says where and when it was read, and its source vouches for no day after that.
select provider, region, instance, tier, as_of, retrieved_on
from price
where trim(source) = '' or retrieved_on !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' or as_of > retrieved_on

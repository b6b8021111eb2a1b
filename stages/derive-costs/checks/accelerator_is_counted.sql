-- A price that names an accelerator says how many it is of, once: in its name or in the count. One that names none has none: a price of
-- eight is not that of one.
select provider, region, instance, tier, accelerator, accelerator_count
from price
where
    (accelerator is not null) <> (coalesce(accelerator_count, 0) > 0)
    or (accelerator_count > 1 and hardware_count(accelerator) > 1)

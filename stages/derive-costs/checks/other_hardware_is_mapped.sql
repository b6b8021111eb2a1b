-- A price of other hardware than ran has a cost only where a speed factor was configured for it.
select o.hardware, o.provider, o.region, o.instance, o.tier
from hardware_offer as o
left anti join price_mapped as m
    on o.hardware = m.hardware and o.model = m.model and o.dtype = m.dtype and o.provider = m.provider and o.region = m.region
    and o.instance = m.instance and o.tier = m.tier and m.fits
where o.match <> 'measured'

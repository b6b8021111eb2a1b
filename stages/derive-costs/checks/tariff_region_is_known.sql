-- Every tariff's region is a region of the grid files: a tariff of any other would never be used.
select distinct t.region
from tariff as t
left anti join grid as g on t.region = g.region

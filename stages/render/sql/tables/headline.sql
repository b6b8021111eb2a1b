-- One backend in the mode that costs are about.
select *
from headline

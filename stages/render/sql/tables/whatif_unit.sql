-- One backend x mode x terms of the what-if form: coefficients of a million tokens.
select *
from whatif_unit
order by case tier when 'on_prem' then 1 else 2 end, match desc, tier, place, name

-- An own machine's purchase is in [derive-costs.owned], or its whole rate in its price row: not both.
select p.provider, p.region, p.instance, p.usd_per_hour, o.capex_usd, o.upkeep_usd_per_year
from price as p
cross join owned as o
where p.tier = 'on_prem' and p.usd_per_hour > 0 and o.capex_usd + o.upkeep_usd_per_year > 0

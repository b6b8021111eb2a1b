-- One workload x tier x basis x hardware: the cheapest alternative to owning.
select *
from break_even_table
order by workload, rent_basis desc, match desc, tier

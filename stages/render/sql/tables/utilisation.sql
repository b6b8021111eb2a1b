-- One workload x utilisation x rented hardware: a million tokens, owned and rented.
select *
from utilisation_table
order by workload, utilisation, rent_match desc

-- One point of a line: what a month of so many tokens costs one way of getting them, but for machines rented by the month.
select way as series, mtok as x, usd as value, evidence
from own_line
where (capacity_mtok is null or mtok <= capacity_mtok) and way not like 'rent a month%'
order by series, x

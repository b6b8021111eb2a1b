-- One point of a line: what a month of so many tokens costs one way of getting them, as long as one machine makes them.
select way as series, mtok as x, usd as value, evidence
from own_line
where capacity_mtok is null or mtok <= capacity_mtok
order by series, x

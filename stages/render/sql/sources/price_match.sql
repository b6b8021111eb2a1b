-- One row: prices of one outcome and reason.
select max(prices) as prices
from price_match
where {=device} and coalesce(name, 'unknown') = {name} and {=outcome, reason}

-- One point of a line: mean time of one decoding step of one backend and mode.
select name || ': ' || mode_name as series, step as x, ms as value, least_ms as low, most_ms as high, n, evidence
from decode_step
order by name, place, step

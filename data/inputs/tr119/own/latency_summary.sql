-- Geometric means over scenarios: each scenario counts alike, the slowest does not decide.
select backend, mode, estimate as latency_ms, ci_low, ci_high, n
from estimate
where metric = 'latency_ms' and level = 'backend_mode'
order by mode, estimate

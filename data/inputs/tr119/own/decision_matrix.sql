-- Pairs of backends blocked by scenario: ratio of latencies, its interval, p adjusted by Holm over all pairs.
select mode, a, b, ratio, ratio_low, ratio_high, p_adjusted, blocks
from comparison
where metric = 'latency_ms'
order by mode, a, b

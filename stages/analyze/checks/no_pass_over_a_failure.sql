-- No cell passes with a check that found something, or with more runs that did not finish than are allowed.
select v.backend, v.mode, v.kv_cache, v.scenario, v.verdict, v.codes
from verdict as v
cross join config as c
where
    v.verdict = 'pass' and (cardinality(v.codes) > 0 or v.runs > v.usable)
    or v.verdict = 'warn' and 100.0 * (v.runs - v.usable) > c.max_failed_pct * v.runs

-- A check that found something in a run has a finding of the same code, and the other way round.
with flagged as (
    select distinct unnest(codes) as code from cell_check
),

found as (
    select distinct code
    from finding
    where
        code in (
            'contention', 'counter_against_integral', 'energy_estimated', 'energy_net_negative', 'energy_unknown', 'output_shortened',
            'run_degraded', 'run_failed', 'run_skipped', 'threads_exceeded', 'throttled', 'warmup_unsteady', 'window_short'
        )
)

select coalesce(a.code, b.code) as code, a.code is not null as in_runs, b.code is not null as in_findings
from flagged as a
full join found as b on a.code = b.code
where a.code is null or b.code is null

-- One cell: how its runs ended, and the codes of the checks that found something in them; what each says stands in the finding of the
-- same code. A run that did not start has no device; it counts with the runs of its backend that did.
with checked as (
    select
        cell_id,
        count(*) as runs,
        sum(case when usable then 1 else 0 end) as usable,
        sum(case when status = 'degraded' then 1 else 0 end) as degraded,
        sum(case when status = 'failed' then 1 else 0 end) as failed,
        sum(case when status = 'skipped' then 1 else 0 end) as skipped,
        max(other_cpu_pct) as other_cpu_pct,
        max(counter_gap_pct) as counter_gap_pct,
        bool_or(energy_estimated) as energy_estimated,
        bool_or(energy_net_negative) as energy_net_negative,
        bool_or(energy_unknown) as energy_unknown,
        bool_or(output_shortened) as output_shortened,
        max(cores_beyond_threads) as cores_beyond_threads,
        max(throttled_pct) as throttled_pct,
        max(warmup_cv_pct) as warmup_cv_pct,
        min(clock_ms) as clock_ms
    from run_value
    group by cell_id
),

placed as (
    select
        k.*,
        c.backend,
        c.device,
        c.model,
        c.dtype,
        c.mode,
        c.kv_cache,
        c.scenario,
        coalesce(
            nullif(c.device, 'unknown'),
            max(nullif(c.device, 'unknown')) over (partition by c.backend, c.model, c.mode, c.kv_cache, c.scenario),
            'unknown'
        ) as ran_on,
        coalesce(
            nullif(c.dtype, 'unknown'),
            max(nullif(c.dtype, 'unknown')) over (partition by c.backend, c.model, c.mode, c.kv_cache, c.scenario),
            'unknown'
        ) as ran_in
    from cell as c
    inner join checked as k on c.cell_id = k.cell_id
),

merged as (
    select
        coalesce(max(case when device = ran_on and dtype = ran_in then cell_id end), max(cell_id)) as cell_id,
        backend,
        ran_on as device,
        model,
        ran_in as dtype,
        mode,
        kv_cache,
        scenario,
        sum(runs) as runs,
        sum(usable) as usable,
        sum(degraded) as degraded,
        sum(failed) as failed,
        sum(skipped) as skipped,
        max(other_cpu_pct) as other_cpu_pct,
        max(counter_gap_pct) as counter_gap_pct,
        bool_or(energy_estimated) as energy_estimated,
        bool_or(energy_net_negative) as energy_net_negative,
        bool_or(energy_unknown) as energy_unknown,
        bool_or(output_shortened) as output_shortened,
        max(cores_beyond_threads) as cores_beyond_threads,
        max(throttled_pct) as throttled_pct,
        max(warmup_cv_pct) as warmup_cv_pct,
        min(clock_ms) as clock_ms
    from placed
    group by backend, ran_on, model, ran_in, mode, kv_cache, scenario
)

select
    t.cell_id,
    t.backend,
    t.device,
    t.model,
    t.dtype,
    t.mode,
    t.kv_cache,
    t.scenario,
    t.runs,
    t.usable,
    t.degraded,
    array_remove_all(
        make_array(
            case when t.other_cpu_pct > c.max_other_cpu_pct then 'contention' else '' end,
            case when t.counter_gap_pct > c.max_counter_gap_pct then 'counter_against_integral' else '' end,
            case when t.energy_estimated then 'energy_estimated' else '' end,
            case when t.energy_net_negative then 'energy_net_negative' else '' end,
            case when t.energy_unknown then 'energy_unknown' else '' end,
            case when t.output_shortened then 'output_shortened' else '' end,
            case when t.degraded > 0 then 'run_degraded' else '' end,
            case when t.failed > 0 then 'run_failed' else '' end,
            case when t.skipped > 0 then 'run_skipped' else '' end,
            case when t.cores_beyond_threads > 0.5 then 'threads_exceeded' else '' end,
            case when t.throttled_pct > c.max_throttled_pct then 'throttled' else '' end,
            case when t.warmup_cv_pct > c.max_cv_pct then 'warmup_unsteady' else '' end,
            case when t.clock_ms < c.min_window_ms then 'window_short' else '' end
        ),
        ''
    ) as codes
from merged as t
cross join config as c

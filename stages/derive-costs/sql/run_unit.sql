-- One usable run x token basis: hours and kWh that a million tokens of this basis take.
with timed as (
    select
        f.*,
        c.device,
        c.mode,
        h.hardware,
        cast(case when g.token_count = 'padded' then f.input_tokens_padded else f.input_tokens end as double) as counted_tokens
    -- the small sides first: they are the ones that are kept in memory
    from config as g
    cross join cell as c
    inner join run_fact as f on c.cell_id = f.cell_id
    inner join (
        select r.session_id, r.run_id, o.hardware
        from ran_on as o
        inner join run as r
            on o.session_id = r.session_id and o.device = r.device and o.threads is not distinct from r.threads
    ) as h on f.session_id = h.session_id and f.run_id = h.run_id
    where f.window_s is not null
),

counted as (
    select *, 'input' as basis, counted_tokens as tokens from timed where mode = 'prefill'
    union all
    select *, 'output' as basis, cast(output_tokens as double) as tokens from timed where mode = 'generate'
    union all
    select *, 'total' as basis, counted_tokens + output_tokens as tokens from timed
)

select
    session_id,
    run_id,
    cell_id,
    device,
    hardware,
    place,
    basis,
    window_s,
    window_s / 3600 / tokens * 1e6 as hours_per_mtok,
    energy_gross_j / 3.6e6 / tokens * 1e6 as kwh_per_mtok,
    case when energy_gross_j is not null then coalesce(energy_error_j, 0) end / 3.6e6 / tokens * 1e6 as kwh_error_per_mtok,
    energy_scope,
    energy_evidence as evidence,
    time_evidence
from counted
where tokens > 0

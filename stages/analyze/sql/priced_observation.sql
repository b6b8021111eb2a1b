-- One metric x cell: dollars and grams of its runs in the order of execution. The cell's cost is spread over its runs as their
-- hours and energies are, so that their mean is the cell's cost whatever tokens it counts; the price is common to all of them.
with scope as (
    select backend, device, model, dtype, mode, kv_cache, scenario, max(energy_scope) as energy_scope
    from cost
    group by backend, device, model, dtype, mode, kv_cache, scenario
),

-- Energy of the scopes that the costs counted.
used as (
    select r.session_id, r.run_id, sum(e.energy_gross_j) as energy_j
    from run_value as r
    inner join scope as s
        on r.backend = s.backend and r.device = s.device and r.model = s.model and r.dtype = s.dtype and r.mode = s.mode
        and r.kv_cache = s.kv_cache and r.scenario = s.scenario
    inner join run_energy as e on r.session_id = e.session_id and r.run_id = e.run_id
    where e.device_id = 'total' and e.valid and strpos('+' || s.energy_scope || '+', '+' || e.scope || '+') > 0
    group by r.session_id, r.run_id
),

per_token as (
    select r.*, u.energy_j / nullif(r.tokens, 0) as j_per_token
    from run_value as r
    left join used as u on r.session_id = u.session_id and r.run_id = u.run_id
),

relative as (
    select
        *,
        hours_per_mtok / avg(hours_per_mtok) over cell as hours_share,
        j_per_token / nullif(avg(j_per_token) over cell, 0) as kwh_share
    from per_token
    window cell as (partition by backend, device, model, dtype, mode, kv_cache, scenario)
),

dollars as (
    select
        r.*,
        'total_usd_per_mtok' as metric,
        -- times a share that is not known would make a known total unknown
        c.infra_usd_per_mtok * r.hours_share
        + case when c.energy_usd_per_mtok = 0 then 0 else c.energy_usd_per_mtok * r.kwh_share end as value,
        case when c.match = 'extrapolated' then 'extrapolated' else c.evidence end as known
    from relative as r
    inner join chosen_cost as c
        on r.backend = c.backend and r.device = c.device and r.model = c.model and r.dtype = c.dtype and r.mode = c.mode
        and r.kv_cache = c.kv_cache and r.scenario = c.scenario
),

grams as (
    select
        r.*,
        'gco2e_per_mtok' as metric,
        c.gco2e_per_mtok * r.kwh_share + coalesce(c.embodied_gco2e_per_mtok, 0) * r.hours_share as value,
        c.evidence as known
    from relative as r
    inner join own_carbon as c
        on r.backend = c.backend and r.device = c.device and r.model = c.model and r.dtype = c.dtype and r.mode = c.mode
        and r.kv_cache = c.kv_cache and r.scenario = c.scenario
),

long as (
    select * from dollars
    union all
    select * from grams
),

cell as (
    select
        metric,
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        array_agg(value order by session_id, place, run_id) as runs,
        max(case known
            when 'measured' then 1
            when 'measured_counter' then 2
            when 'measured_integral' then 3
            when 'derived' then 4
            when 'imported' then 5
            when 'estimated' then 6
            when 'extrapolated' then 7
            else 8
        end) as weakness
    from long
    where value is not null
    group by metric, backend, device, model, dtype, mode, kv_cache, scenario
)

select
    metric,
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    runs,
    make_array(
        'measured', 'measured_counter', 'measured_integral', 'derived', 'imported', 'estimated', 'extrapolated', 'unknown'
    )[weakness] as evidence
from cell

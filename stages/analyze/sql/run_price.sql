-- One finished run of a cell that has a cost: its dollars and grams. The cell's cost is spread over its runs as their hours and
-- energies are, so that their mean is the cell's cost whatever tokens it counts; the price is common to all of them.
with scope as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        '+' || max(energy_scope) || '+' as scopes
    from cost
    group by backend, device, model, dtype, mode, kv_cache, scenario
),

-- Energy of the scopes that the costs counted; of none is not 0.
counted as (
    select
        r.*,
        case when strpos(s.scopes, '+gpu+') > 0 then r.gpu_j end as gpu_used_j,
        case when strpos(s.scopes, '+cpu_package+') > 0 then r.cpu_package_j end as cpu_package_used_j,
        case when strpos(s.scopes, '+dram+') > 0 then r.dram_j end as dram_used_j,
        case when strpos(s.scopes, '+node+') > 0 then r.node_j end as node_used_j
    from run_value as r
    inner join scope as s
        on r.backend = s.backend and r.device = s.device and r.model = s.model and r.dtype = s.dtype and r.mode = s.mode
        and r.kv_cache = s.kv_cache and r.scenario = s.scenario
),

per_token as (
    select
        *,
        case
            when coalesce(gpu_used_j, cpu_package_used_j, dram_used_j, node_used_j) is not null then
                (
                    coalesce(gpu_used_j, 0) + coalesce(cpu_package_used_j, 0) + coalesce(dram_used_j, 0)
                    + coalesce(node_used_j, 0)
                ) / nullif(tokens, 0)
        end as j_per_token
    from counted
),

mean as (
    select
        backend,
        device,
        model,
        dtype,
        mode,
        kv_cache,
        scenario,
        avg(hours_per_mtok) as hours_per_mtok,
        nullif(avg(j_per_token), 0) as j_per_token
    from per_token
    group by backend, device, model, dtype, mode, kv_cache, scenario
),

-- What an hour and a joule per token cost and emit.
rate as (
    select
        m.*,
        d.infra_usd_per_mtok,
        d.energy_usd_per_mtok,
        d.usd_evidence,
        g.gco2e_per_mtok,
        coalesce(g.embodied_gco2e_per_mtok, 0) as embodied_gco2e_per_mtok,
        g.gco2e_evidence
    from mean as m
    left join chosen_cost as d
        on m.backend = d.backend and m.device = d.device and m.model = d.model and m.dtype = d.dtype and m.mode = d.mode
        and m.kv_cache = d.kv_cache and m.scenario = d.scenario
    left join own_carbon as g
        on m.backend = g.backend and m.device = g.device and m.model = g.model and m.dtype = g.dtype and m.mode = g.mode
        and m.kv_cache = g.kv_cache and m.scenario = g.scenario
)

select
    t.session_id,
    t.run_id,
    t.backend,
    t.device,
    t.model,
    t.dtype,
    t.mode,
    t.kv_cache,
    t.scenario,
    t.place,
    -- times a share that is not known would make a known total unknown
    r.infra_usd_per_mtok * (t.hours_per_mtok / r.hours_per_mtok)
    + case when r.energy_usd_per_mtok = 0 then 0 else r.energy_usd_per_mtok * (t.j_per_token / r.j_per_token) end
        as total_usd_per_mtok,
    r.gco2e_per_mtok * (t.j_per_token / r.j_per_token)
    + r.embodied_gco2e_per_mtok * (t.hours_per_mtok / r.hours_per_mtok) as gco2e_per_mtok,
    -- what the sensors may be off by, in dollars and grams
    case
        when r.energy_usd_per_mtok = 0 then 0.0
        else
            r.energy_usd_per_mtok * (t.j_per_token / r.j_per_token)
            * (t.gross_kwh_error_per_mtok / nullif(t.gross_kwh_per_mtok, 0))
    end as total_usd_error_per_mtok,
    r.gco2e_per_mtok * (t.j_per_token / r.j_per_token) * (t.gross_kwh_error_per_mtok / nullif(t.gross_kwh_per_mtok, 0))
        as gco2e_error_per_mtok,
    r.usd_evidence,
    r.gco2e_evidence,
    t.energy_evidence,
    -- dollars of a rent that includes power hold no energy
    case when r.energy_usd_per_mtok <> 0 then t.energy_evidence end as usd_energy_evidence
from per_token as t
inner join rate as r
    on t.backend = r.backend and t.device = r.device and t.model = r.model and t.dtype = r.dtype and t.mode = r.mode
    and t.kv_cache = r.kv_cache and t.scenario = r.scenario

-- One run: the energy that is priced. A node sensor covers everything, so it alone counts where it is valid; else the scopes
-- are summed, or the scope of the device that ran is taken. One unknown scope makes the sum unknown. Errors of different sensors
-- are not taken to cancel.
with scoped as (
    select
        e.session_id,
        e.run_id,
        e.scope,
        e.energy_gross_j,
        e.energy_error_j,
        e.evidence,
        e.valid,
        bool_or(e.scope = 'node' and e.valid) over (partition by e.session_id, e.run_id) as has_node,
        c.energy_scope,
        case when r.device = 'cpu' then 'cpu_package' else 'gpu' end as own_scope
    -- the small side first: it is the one that is kept in memory
    from config as c
    cross join run as r
    inner join run_energy as e on r.session_id = e.session_id and r.run_id = e.run_id
    where e.device_id = 'total'
),

used as (
    select *
    from scoped
    where
        case
            when energy_scope = 'device' then scope = own_scope
            when has_node then scope = 'node'
            else scope <> 'node' or not valid
        end
)

select
    session_id,
    run_id,
    case when bool_and(valid) then sum(energy_gross_j) end as energy_j,
    case when bool_and(valid) then sum(coalesce(energy_error_j, 0)) end as error_j,
    case when bool_and(valid) then string_agg(scope, '+' order by scope) end as energy_scope,
    weakest(case when valid then evidence else 'unknown' end) as evidence
from used
group by session_id, run_id

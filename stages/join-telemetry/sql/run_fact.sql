-- One run: its window, and the energy that it used. A node sensor covers everything, so it alone counts where it is valid; else the
-- scopes are summed, or the scope of the device that ran is taken. One unknown scope makes the sum unknown. Errors of different sensors
-- are not taken to cancel.
with scoped as (
    select
        e.*,
        bool_or(e.scope = 'node' and e.valid) over (partition by e.session_id, e.run_id) as has_node,
        c.energy_scope as wanted,
        case when r.device = 'cpu' then 'cpu_package' else 'gpu' end as own_scope
    -- the small side first: it is the one that is kept in memory
    from config as c
    cross join run as r
    inner join run_energy as e on r.session_id = e.session_id and r.run_id = e.run_id
    where e.device_id = 'total'
),

counted as (
    select *
    from scoped
    where
        case
            when wanted = 'device' then scope = own_scope
            when has_node then scope = 'node'
            else true
        end
),

used as (
    select
        session_id,
        run_id,
        case when bool_and(valid) then string_agg(scope, '+' order by scope) end as energy_scope,
        case when bool_and(valid) then sum(energy_gross_j) end as energy_gross_j,
        case when bool_and(valid) then sum(energy_error_j) end as energy_error_j,
        case when count(idle_j) = count(*) then sum(idle_j) end as idle_j,
        case when count(energy_net_j) = count(*) then sum(energy_net_j) end as energy_net_j,
        case when count(mean_power_w) = count(*) then sum(mean_power_w) end as mean_power_w,
        case when count(decode_j_per_token) = count(*) then sum(decode_j_per_token) end as decode_j_per_token,
        weakest(case when valid then evidence else 'unknown' end) as energy_evidence
    from counted
    group by session_id, run_id
)

select
    w.*,
    u.energy_scope,
    u.energy_gross_j,
    u.energy_error_j,
    u.idle_j,
    u.energy_net_j,
    u.mean_power_w,
    u.decode_j_per_token,
    coalesce(u.energy_evidence, 'unknown') as energy_evidence
from run_window as w
left join used as u on w.session_id = u.session_id and w.run_id = u.run_id

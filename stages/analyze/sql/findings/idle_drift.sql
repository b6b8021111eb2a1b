-- Sensors whose idle power after a session's runs is not what it was before them.
with baseline as (
    select session_id, idle_before_start_ns as start_ns, idle_before_end_ns as end_ns, true as before from session
    union all
    select session_id, idle_after_start_ns as start_ns, idle_after_end_ns as end_ns, false as before from session
),

-- A counter that wrapped or was reset gives no power.
idle as (
    select
        b.session_id,
        b.before,
        p.device_id,
        p.kind,
        case
            when p.kind <> 'counter' then avg(p.power_w)
            when
                first_value(p.energy_j order by p.t_ns) = min(p.energy_j)
                and last_value(p.energy_j order by p.t_ns) = max(p.energy_j)
                then (max(p.energy_j) - min(p.energy_j)) / nullif(cast(max(p.t_ns) - min(p.t_ns) as double) / 1e9, 0)
        end as idle_w
    from baseline as b
    inner join power_sample as p
        on b.session_id = p.session_id and p.t_ns >= b.start_ns and p.t_ns < b.end_ns
    group by b.session_id, b.before, p.device_id, p.kind
),

pair as (
    select
        b.device_id,
        b.kind,
        b.idle_w as before_w,
        a.idle_w as after_w,
        100 * (a.idle_w - b.idle_w) / nullif(b.idle_w, 0) as drift_pct
    from idle as b
    inner join idle as a on b.session_id = a.session_id and b.device_id = a.device_id and b.kind = a.kind
    where b.before and not a.before
),

worst as (
    select *, row_number() over (partition by device_id, kind order by abs(drift_pct) desc, before_w asc) as place
    from pair
    where drift_pct is not null
)

select
    'idle_drift' as code,
    'sensor ' || w.device_id || ' ' || w.kind as place,
    'warning' as severity,
    'idle power went from ' || cast(round(w.before_w, 2) as varchar) || ' W before the runs to '
    || cast(round(w.after_w, 2) as varchar) || ' W after them, ' || cast(round(w.drift_pct, 1) as varchar)
    || ' %: net energy depends on which baseline is taken off' as what
from worst as w
cross join config as c
where w.place = 1 and abs(w.drift_pct) > c.max_idle_drift_pct

-- One series of readings of a session: what is known of its sensor, of its clock, and of the range of its power.
-- The floor is the power of the quietest stretches right before or after runs, where the series shows that it tells idle from busy;
-- the ceiling is the limit that the driver enforces, or what nothing of that scope draws.
with seen as (
    select
        session_id,
        device_id,
        kind,
        scope,
        max(case when purpose <> 'around' then max_power_w end) as highest_w,
        min(min_power_w) as lowest_w,
        sum(case when purpose <> 'around' then cast(covered_ns as double) end)
        / nullif(sum(case when purpose <> 'around' then samples end), 0) as step_ns,
        -- Variance of sampling in a second of run, J^2.
        avg(case when purpose = 'run' and end_ns > start_ns then power(sampling_se_j, 2) / (cast(end_ns - start_ns as double) / 1e9) end)
            as sampling_j2_per_s,
        -- A counter that now and then stands still while a run goes on shows a value that is older than its reading.
        avg(case
            when purpose = 'run' and kind = 'counter' and min_power_w is not null
                then case when min_power_w < 0.25 * energy_j / nullif(cast(end_ns - start_ns as double) / 1e9, 0) then 1.0 else 0.0 end
        end) > 0.05 as stands_still
    from span_energy
    group by session_id, device_id, kind, scope
),

enforced as (
    select session_id, device_id, max(power_limit_w) as limit_w
    from power_sample
    where power_limit_w is not null
    group by session_id, device_id
),

wrapping as (
    select distinct session_id, device_id
    from power_sample
    where energy_range_j is not null
),

known as (
    select
        s.session_id,
        s.device_id,
        s.kind,
        s.scope,
        s.highest_w,
        s.lowest_w,
        coalesce(s.sampling_j2_per_s, 0) as sampling_j2_per_s,
        coalesce(s.stands_still, false) as stands_still,
        coalesce(s.step_ns, 0) as step_ns,
        coalesce(n.update_period_ms, 0) * 1e6 as update_ns,
        case
            when s.kind not in ('instant', 'average') then 0
            when a.method is null then coalesce(n.averaging_ms, 0) * 1e6
            else coalesce(a.averaging_ms, 0) * 1e6
        end as averaging_ns,
        coalesce(a.averaging_from, n.averaging_from, 'stated') as averaging_from,
        coalesce(n.resolution_w, 0) as resolution_w,
        n.resolution_j,
        coalesce(n.error_w, 0) as error_w,
        coalesce(n.error_pct, 0) as error_pct,
        case
            when a.method is not null then a.offset_low_ms * 1e6
            when coalesce(n.clock = 'runs', o.source = 'measured') then 0
            else -k.clock_error_ns
        end as shift_low_ns,
        case
            when a.method is not null then a.offset_high_ms * 1e6
            when coalesce(n.clock = 'runs', o.source = 'measured') then 0
            else k.clock_error_ns
        end as shift_high_ns,
        o.source = 'imported' and s.kind = 'counter' and w.device_id is null as is_whole,
        -- Limits are exceeded for moments; without one, what no board and no socket of 2026 reaches (1.4 and 0.5 kW).
        greatest(
            coalesce(1.2 * e.limit_w, case s.scope when 'gpu' then 2e3 when 'cpu_package' then 1e3 when 'dram' then 5e2 else 1e300 end),
            case when s.kind <> 'counter' then 1.2 * s.highest_w end
        ) as ceiling_w
    from seen as s
    inner join session as o on s.session_id = o.session_id
    cross join config as k
    left join sensor as n on s.session_id = n.session_id and s.device_id = n.device_id and s.kind = n.kind
    left join alignment as a on s.session_id = a.session_id and s.device_id = a.device_id and s.kind = a.kind
    left join enforced as e on s.session_id = e.session_id and s.device_id = e.device_id
    left join wrapping as w on s.session_id = w.session_id and s.device_id = w.device_id
),

quiet as (
    select k.session_id, k.device_id, min(s.min_power_w) as floor_w
    from known as k
    inner join span_energy as s on k.session_id = s.session_id and k.device_id = s.device_id and k.kind = s.kind
    where
        s.purpose <> 'run'
        and s.samples >= case when s.kind = 'counter' then 3 else 2 end
        and cast(s.end_ns - s.start_ns as double) >= greatest(k.averaging_ns / 2, 2 * k.step_ns)
        and s.max_power_w - s.min_power_w <= 0.15 * (k.highest_w - k.lowest_w)
        and s.max_power_w <= k.lowest_w + 0.25 * (k.highest_w - k.lowest_w)
        and k.highest_w >= 1.25 * s.max_power_w
    group by k.session_id, k.device_id
)

select k.*, greatest(0, coalesce(q.floor_w, 0)) as floor_w, q.floor_w is not null as has_floor
from known as k
left join quiet as q on k.session_id = q.session_id and k.device_id = q.device_id

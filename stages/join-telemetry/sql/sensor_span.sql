-- One span x sensor of its session, whether the sensor said anything then or not: what each kind of reading gives, and why
-- it may not be used.
with sensor as (
    select session_id, device_id, scope, bool_or(kind = 'model') as is_model
    from power_sample
    group by session_id, device_id, scope
),

-- A sensor has one power kind beside its counter; of several the one with most of the span covered counts.
kinds as (
    select
        *,
        row_number() over (
            partition by session_id, span_id, device_id, kind = 'counter'
            order by covered_ns desc, kind asc
        ) as place
    from span_energy
),

counted as (
    select * from kinds where kind = 'counter' and place = 1
),

integrated as (
    select * from kinds where kind <> 'counter' and place = 1
),

joined as (
    select
        s.session_id,
        s.span_id,
        s.purpose,
        s.end_ns - s.start_ns as length_ns,
        d.device_id,
        d.scope,
        d.is_model,
        coalesce(r.samples, 0) as samples,
        r.min_power_w,
        r.max_power_w,
        r.mean_temperature_c,
        r.max_memory_mb,
        r.throttled_pct,
        greatest(coalesce(c.covered_ns, 0), coalesce(i.covered_ns, 0)) as covered_ns,
        coalesce(c.max_gap_ns, i.max_gap_ns) as max_gap_ns,
        coalesce(c.was_reset, false) as was_reset,
        case
            when c.covered_ns = cast(c.length_ns as double) and c.max_gap_ns <= k.max_gap_ns and not c.was_reset
                then c.energy_j
        end as energy_counter_j,
        case
            when i.covered_ns = cast(i.length_ns as double) and i.max_gap_ns <= k.max_gap_ns
                then i.energy_j
        end as energy_integral_j,
        k.min_updates,
        k.max_gap_ns as limit_ns
    from timespan as s
    inner join sensor as d on s.session_id = d.session_id
    left join counted as c
        on s.session_id = c.session_id and s.span_id = c.span_id and d.device_id = c.device_id
    left join integrated as i
        on s.session_id = i.session_id and s.span_id = i.span_id and d.device_id = i.device_id
    left join span_reading as r
        on s.session_id = r.session_id and s.span_id = r.span_id and d.device_id = r.device_id
    cross join config as k
)

select
    *,
    case
        when length_ns <= 0 then 'window of no length'
        when covered_ns = 0 then 'no readings around the window'
        when covered_ns < cast(length_ns as double) then 'window not bracketed by readings'
        when samples < min_updates then 'fewer readings than min_updates'
        when coalesce(energy_counter_j, energy_integral_j) is not null then null
        when max_gap_ns > limit_ns then 'gap between readings over max_gap_ms'
        when was_reset then 'counter was reset'
        else 'not resolvable'
    end as reasons
from joined

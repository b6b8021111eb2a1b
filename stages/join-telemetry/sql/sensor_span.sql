-- One span x sensor of its session: what each kind of reading gives, and why it may not be used.
-- A sensor's power kinds beside its counter: the one with most of the span covered counts, of equals the one with the smaller error.
-- What the sensor itself adds to the error:
-- a counter lags by up to its period at both ends, and counts in steps;
-- power that is renewed less often than it is read has fewer readings than rows, and is late by up to its period, in which the
-- difference between the powers at the two ends is missing: at most the range that was seen;
-- a mean over the past is late by half its length, and hides what swings faster, which may be all of the power on and off;
-- power that never changed may be half a step off all the time.
-- What somebody's counter counted between two readings is known however far apart they are, all but what the ends of the span cut:
-- its error alone decides. A counter with a range may have wrapped unseen, and is held to the limits like any power.
with wrapping as (
    select distinct session_id, device_id
    from power_sample
    where energy_range_j is not null
),

spanned as (
    select
        e.*,
        cast(e.end_ns - e.start_ns as double) as length_ns,
        max(e.max_power_w) over (partition by e.session_id, e.device_id, e.kind)
        - min(e.min_power_w) over (partition by e.session_id, e.device_id, e.kind) as range_w,
        coalesce(n.update_period_ms, 0) * 1e6 as update_ns,
        coalesce(n.averaging_ms, 0) / 1e3 as averaging_s,
        coalesce(n.resolution_w, 0) as resolution_w,
        coalesce(n.resolution_j, 0) as resolution_j,
        o.source = 'imported' and e.kind = 'counter' and w.device_id is null as is_whole
    from span_energy as e
    inner join session as o on e.session_id = o.session_id
    left join wrapping as w on e.session_id = w.session_id and e.device_id = w.device_id
    left join sensor as n on e.session_id = n.session_id and e.device_id = n.device_id and e.kind = n.kind
),

kinds as (
    select
        *,
        case
            when kind = 'counter' then energy_error_j + energy_j * update_ns / nullif(length_ns, 0) + resolution_j
            when kind in ('instant', 'average')
                then energy_error_j * greatest(1, update_ns * samples / nullif(length_ns, 0))
                + update_ns / 1e9 * range_w
                + averaging_s * greatest(range_w / 2, energy_j / nullif(length_ns / 1e9, 0) / 4)
            else energy_error_j
        end
        + case when max_power_w = min_power_w then resolution_w / 2 * length_ns / 1e9 else 0 end as error_j
    from spanned
),

ranked as (
    select
        *,
        row_number() over (
            partition by session_id, span_id, device_id, kind = 'counter'
            order by covered_ns desc, error_j asc nulls last, kind asc
        ) as place
    from kinds
),

sensor as (
    select
        session_id,
        span_id,
        purpose,
        device_id,
        scope,
        end_ns - start_ns as length_ns,
        bool_or(kind = 'model') as is_model,
        max(samples) as samples,
        min(min_power_w) as min_power_w,
        max(max_power_w) as max_power_w,
        max(mean_temperature_c) as mean_temperature_c,
        max(max_memory_mb) as max_memory_mb,
        max(throttled_pct) as throttled_pct,
        max(covered_ns) as covered_ns,
        coalesce(max(case when kind = 'counter' then max_gap_ns end), max(max_gap_ns)) as max_gap_ns,
        bool_or(was_reset) as was_reset
    from ranked
    where place = 1
    group by session_id, span_id, purpose, device_id, scope, start_ns, end_ns
),

joined as (
    select
        s.*,
        c.energy_j as energy_counter_j,
        i.energy_j as energy_integral_j,
        coalesce(c.error_j, i.error_j) as energy_error_j,
        coalesce(c.is_whole, false) as is_whole,
        k.min_updates,
        k.max_gap_ns as limit_ns,
        k.max_error_pct
    from sensor as s
    cross join config as k
    left join ranked as i
        on s.session_id = i.session_id and s.span_id = i.span_id and s.device_id = i.device_id
        and i.kind <> 'counter' and i.place = 1 and i.max_gap_ns <= k.max_gap_ns and i.energy_j is not null
    left join ranked as c
        on s.session_id = c.session_id and s.span_id = c.span_id and s.device_id = c.device_id
        and c.kind = 'counter' and c.place = 1 and c.energy_j is not null
        and (c.max_gap_ns <= k.max_gap_ns or c.is_whole and coalesce(c.error_j <= i.error_j, true))
)

select
    *,
    case
        when length_ns <= 0 then 'window of no length'
        when covered_ns = 0 then 'no readings around the window'
        when covered_ns < length_ns then 'window not bracketed by readings'
        when samples < min_updates and not is_whole then 'fewer readings than min_updates'
        when 100 * energy_error_j > max_error_pct * abs(coalesce(energy_counter_j, energy_integral_j))
            then 'error bound over max_error_pct'
        when coalesce(energy_counter_j, energy_integral_j) is not null then null
        when was_reset then 'counter was reset'
        when max_gap_ns > limit_ns then 'gap between readings over max_gap_ms'
        else 'not resolvable'
    end as reasons
from joined

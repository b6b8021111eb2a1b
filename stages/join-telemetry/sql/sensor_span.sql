-- One span x sensor of its session: what each kind of reading gives, with its error, and why it may not be used. docs/energy.md has
-- the formulas. A sensor's power kinds beside its counter: the one with most of the span covered counts, of equals the one with
-- the smaller error. Of counter and power the one with the smaller error is the sensor's energy.
-- What somebody's counter counted between two readings is known however far apart they are, all but what the ends of the span cut:
-- its error alone decides. A counter with a range may have wrapped unseen, and is held to the limits like any power.
with spanned as (
    select
        e.session_id,
        e.span_id,
        e.purpose,
        e.device_id,
        e.scope,
        e.kind,
        e.start_ns,
        e.end_ns,
        cast(e.end_ns - e.start_ns as double) as length_ns,
        e.covered_ns,
        e.was_reset,
        e.samples,
        e.max_gap_ns,
        e.min_power_w,
        e.max_power_w,
        e.mean_temperature_c,
        e.max_memory_mb,
        e.throttled_pct,
        e.kind in ('instant', 'average') as is_linear,
        e.energy_j as plain_j,
        greatest(e.start_power_w, e.end_power_w) as edge_w,
        e.start_power_w * e.start_pair_ns / 1e9 as start_pair_j,
        e.start_pair_ns / 1e9 as start_pair_s,
        coalesce(e.start_share, 1) as start_share,
        e.end_power_w * e.end_pair_ns / 1e9 as end_pair_j,
        e.end_pair_ns / 1e9 as end_pair_s,
        coalesce(e.end_share, 1) as end_share,
        e.edge_error_j as plain_edge_j,
        e.sampling_error_j as plain_sampling_j,
        e.sampling_df,
        t.sampling_j2_per_s,
        s.whole_j,
        s.edge_error_j as whole_edge_j,
        s.sampling_error_j as whole_sampling_j,
        s.before_w,
        s.after_w,
        s.early_j,
        s.late_j,
        t.highest_w - t.lowest_w as range_w,
        t.step_ns,
        t.stands_still,
        t.update_ns,
        t.averaging_ns / 1e9 as averaging_s,
        t.averaging_from = 'assumed' as is_averaging_assumed,
        t.resolution_w,
        t.resolution_j,
        t.error_w,
        t.error_pct,
        greatest(abs(t.shift_low_ns), abs(t.shift_high_ns)) / 1e9 as shift_s,
        t.shift_low_ns > 0 or t.shift_high_ns < 0 as is_off,
        t.is_whole,
        t.floor_w,
        coalesce(t.ceiling_w, 1e300) as ceiling_w
    from span_energy as e
    inner join sensor_trait as t on e.session_id = t.session_id and e.device_id = t.device_id and e.kind = t.kind
    left join shifted_energy as s
        on e.session_id = s.session_id and e.span_id = s.span_id and e.purpose = s.purpose
        and e.device_id = s.device_id and e.kind = s.kind
    where e.purpose <> 'around'
),

-- The parts of the error.
parted as (
    select
        *,
        is_linear and averaging_s > 0 and whole_j is not null as is_undone,
        -- A pair of which a share lies in the span: floor and ceiling bound what either side of the cut can have had.
        case
            when is_linear or start_share = 1 then 0
            else greatest(
                0,
                least(
                    (1 - start_share) * (start_pair_j - floor_w * start_pair_s),
                    start_share * (ceiling_w * start_pair_s - start_pair_j)
                ),
                least(
                    start_share * (start_pair_j - floor_w * start_pair_s),
                    (1 - start_share) * (ceiling_w * start_pair_s - start_pair_j)
                )
            )
        end
        + case
            when is_linear or end_share = 1 then 0
            else greatest(
                0,
                least(
                    (1 - end_share) * (end_pair_j - floor_w * end_pair_s),
                    end_share * (ceiling_w * end_pair_s - end_pair_j)
                ),
                least(
                    end_share * (end_pair_j - floor_w * end_pair_s),
                    (1 - end_share) * (ceiling_w * end_pair_s - end_pair_j)
                )
            )
        end as held_edge_j,
        -- Renewed less often than it is read: rows repeat, and the last value is late by up to the period.
        update_ns > 1.5 * step_ns as is_repeated,
        -- By how much is in the offset of clocks, where that was looked for; of a sensor by the clock of the runs nothing tells it.
        update_ns > 1.5 * step_ns or stands_still or shift_s = 0 and update_ns > 0 as is_late
    from spanned
),

erred as (
    select
        *,
        case when is_undone then whole_j else plain_j end as energy_j,
        case
            when is_undone
                -- What ran within the averaging time before and after the span had a power between the floor and its mean there.
                then whole_edge_j + averaging_s / 2 * (greatest(0, before_w - floor_w) + greatest(0, after_w - floor_w))
                    + case when is_averaging_assumed then abs(whole_j - plain_j) else 0 end
            when is_linear
                then greatest(plain_edge_j, case when averaging_s = 0 then whole_edge_j end)
                    + averaging_s * greatest(range_w / 2, plain_j / nullif(length_ns / 1e9, 0) / 4)
            else held_edge_j
        end as edge_j,
        -- A few readings that happen to agree are no quiet sensor: its other runs tell.
        greatest(
            case when is_undone then whole_sampling_j else plain_sampling_j end,
            case
                when is_linear and not is_undone and coalesce(sampling_df, 0) < 5
                    then 1.96 * sqrt(sampling_j2_per_s * length_ns / 1e9)
            end
        ) as sampling_j,
        case
            when shift_s = 0 then 0
            when early_j is null or late_j is null or whole_j is null then shift_s * edge_w
            else greatest(abs(early_j - whole_j), abs(late_j - whole_j))
        end as shift_j,
        case
            when kind = 'counter' and is_late then plain_j * greatest(update_ns, step_ns) / nullif(length_ns, 0)
            when is_linear and is_late then update_ns / 1e9 * range_w
            else 0
        end as late_j_error,
        case when is_linear and is_repeated then greatest(1, 1.25 * update_ns / step_ns) else 1 end as repeated,
        -- Rounding averages out where power varies over several steps; where it stands still it is the same all the time.
        case
            when kind = 'counter' then coalesce(resolution_j, 0)
            when max_power_w - min_power_w < 4 * resolution_w then resolution_w / 2 * length_ns / 1e9
            else 0
        end as rounding_j,
        -- What the maker of the sensor, or the ranges of a model, leave open: of all runs alike, and no fault of this window.
        error_w * length_ns / 1e9
        + error_pct / 100 * abs(case when is_undone then whole_j else plain_j end) as stated_j
    from parted
),

kinds as (
    select
        *,
        -- At a cut between two powers the bound is rarely reached; at a cut share of an energy it is reached by every run that
        -- begins or ends there.
        late_j_error + stated_j
        + case
            when not is_linear then edge_j + rounding_j + shift_j
            -- An offset that is known is no chance.
            else sqrt(
                power(repeated * edge_j, 2) + power(repeated * sampling_j, 2) + power(rounding_j, 2)
                + case when is_off then 0 else power(shift_j, 2) end
            ) + case when is_off then shift_j else 0 end
        end as error_j,
        kind = 'counter' and energy_j = 0 as is_still
    from erred
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
        min(case when kind <> 'counter' then min_power_w end) as min_power_w,
        max(case when kind <> 'counter' then max_power_w end) as max_power_w,
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
        coalesce(c.error_j <= i.error_j, c.energy_j is not null) as is_counted,
        coalesce(c.is_whole and (c.error_j <= i.error_j or i.error_j is null), false) as is_whole,
        coalesce(c.is_still, false) as is_still,
        c.error_j as counter_error_j,
        i.error_j as integral_error_j,
        coalesce(c.stated_j, 0) as counter_stated_j,
        coalesce(i.stated_j, 0) as integral_stated_j,
        greatest(i.max_power_w, i.edge_w) as highest_w,
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
        and (c.max_gap_ns <= k.max_gap_ns or c.is_whole)
),

chosen as (
    select
        *,
        case when is_counted then energy_counter_j else energy_integral_j end as energy_j,
        case when is_counted then counter_error_j else integral_error_j end as energy_error_j,
        case when is_counted then counter_stated_j else integral_stated_j end as stated_j
    from joined
)

select
    *,
    case
        when length_ns <= 0 then 'window of no length'
        when covered_ns = 0 then 'no readings around the window'
        when covered_ns < length_ns then 'window not bracketed by readings'
        when samples < min_updates and not is_whole then 'fewer readings than min_updates'
        when is_counted and is_still then 'the counter did not change in the window'
        when 100 * (energy_error_j - stated_j) > max_error_pct * abs(energy_j) then 'error bound over max_error_pct'
        when energy_j is not null then null
        when was_reset then 'counter was reset'
        when max_gap_ns > limit_ns then 'gap between readings over max_gap_ms'
        else 'not resolvable'
    end as reasons
from chosen

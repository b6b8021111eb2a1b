-- What energy_join computes, in plain SQL: quadratic, and there to hold the operator against. `place` orders readings of one instant.
with known as (
    select *, case when kind = 'counter' then energy_j else power_w end as value
    from samples
    where t_ns is not null
),

reading as (
    select * from known where value - value = 0
),

pair as (
    select
        host,
        device_id,
        kind,
        energy_range_j,
        lag(t_ns) over (partition by host, device_id, kind order by t_ns, place) as t0_ns,
        t_ns as t1_ns,
        lag(value) over (partition by host, device_id, kind order by t_ns, place) as v0,
        value as v1
    from reading
),

segment as (
    select
        *,
        cast(t1_ns - t0_ns as double) as width,
        case
            when v1 >= v0 then v1 - v0
            when v1 - v0 + energy_range_j >= 0 and v1 - v0 + energy_range_j <= energy_range_j / 2 then v1 - v0 + energy_range_j
        end as rise_j
    from pair
    where t0_ns is not null
),

clipped as (
    select
        r.run_id,
        r.start_ns,
        r.end_ns,
        s.*,
        cast(greatest(r.start_ns, s.t0_ns) - s.t0_ns as double) as x0,
        cast(least(r.end_ns, s.t1_ns) - s.t0_ns as double) as x1
    from runs as r
    inner join segment as s on r.host = s.host
    where
        r.end_ns > r.start_ns
        and case
            when s.t1_ns > s.t0_ns then s.t0_ns < r.end_ns and s.t1_ns > r.start_ns
            else s.t1_ns > r.start_ns and s.t1_ns <= r.end_ns
        end
),

shared as (
    select
        *,
        x1 - x0 as x,
        case when width > 0 then (x1 - x0) / width else 1 end as part,
        width > 0 and x1 - x0 < width as is_cut,
        width > 0 and t0_ns <= start_ns as is_first,
        width > 0 and t1_ns >= end_ns and t0_ns < end_ns as is_last,
        case when kind = 'counter' then rise_j / width * 1e9 when kind in ('interval_mean', 'model') then v1 end as held_w
    from clipped
),

between_readings as (
    select
        run_id,
        device_id,
        kind,
        sum(x) as covered,
        max(t1_ns - t0_ns) as gap,
        bool_or(kind = 'counter' and rise_j is null) as was_reset,
        sum(case
            when kind = 'counter' then rise_j * part
            when kind in ('interval_mean', 'model') then v1 * x / 1e9
            when width > 0 then x * (v0 + (v1 - v0) * (x0 + x1) / 2 / width) / 1e9
            else 0
        end) as joules,
        sum(case
            when not is_cut then 0
            when kind = 'counter' then rise_j * greatest(part, 1 - part)
            when kind in ('interval_mean', 'model') then abs(v1) * width * greatest(part, 1 - part) / 1e9
            else abs(v1 - v0) * x * greatest((x0 + x1) / 2 / width, 1 - (x0 + x1) / 2 / width) / 1e9
        end) as edge_j,
        min(case when kind = 'counter' and width > 0 and not is_cut then rise_j / width * 1e9 end) as least_rise,
        max(case when kind = 'counter' and width > 0 and not is_cut then rise_j / width * 1e9 end) as most_rise,
        min(case when is_first then coalesce(held_w, v0 + (v1 - v0) * x0 / width) end) as start_power_w,
        min(case when is_first then t1_ns - t0_ns end) as start_pair_ns,
        min(case when is_first then part end) as start_share,
        min(case when is_last then coalesce(held_w, v0 + (v1 - v0) * x1 / width) end) as end_power_w,
        min(case when is_last then t1_ns - t0_ns end) as end_pair_ns,
        min(case when is_last then case when is_first and is_cut then 1 else part end end) as end_share
    from shared
    group by run_id, device_id, kind
),

three as (
    select
        host,
        device_id,
        kind,
        t_ns as t2,
        value as v2,
        lag(t_ns, 2) over (partition by host, device_id, kind order by t_ns, place) as t0,
        lag(value, 2) over (partition by host, device_id, kind order by t_ns, place) as v0,
        lag(t_ns) over (partition by host, device_id, kind order by t_ns, place) as t1,
        lag(value) over (partition by host, device_id, kind order by t_ns, place) as v1
    from reading
    where kind in ('instant', 'average')
),

weighted as (
    select
        *,
        cast(t1 - t0 as double) as before,
        cast(t2 - t1 as double) as after
    from three
    where t0 is not null
),

noise as (
    select
        r.run_id,
        t.device_id,
        t.kind,
        count(*) as residuals,
        sum(case
            when t2 > t0
                then power((after * v0 + before * v2) / (before + after) - v1, 2)
                    / (1 + (before * before + after * after) / power(before + after, 2))
                    * power((before + after) / 2e9, 2)
            else 0
        end) as residual2
    from runs as r
    inner join weighted as t on r.host = t.host and r.start_ns < t.t0 and t.t2 < r.end_ns
    group by r.run_id, t.device_id, t.kind
),

inside as (
    select
        r.run_id,
        s.device_id,
        s.kind,
        count(*) as samples,
        min(case when s.kind <> 'counter' then s.power_w end) as least,
        max(case when s.kind <> 'counter' then s.power_w end) as most,
        avg(s.temperature_c) as temperature,
        max(s.memory_mb) as memory,
        100 * avg(case when s.throttled then 1.0 when not s.throttled then 0.0 end) as throttled
    from runs as r
    inner join reading as s on r.host = s.host and s.t_ns between r.start_ns and r.end_ns
    where r.end_ns > r.start_ns
    group by r.run_id, s.device_id, s.kind
),

series as (
    select distinct host, device_id, kind from samples
)

select
    r.run_id,
    s.device_id,
    s.kind,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.joules end as energy_j,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.edge_j end as edge_error_j,
    case
        when b.covered = r.end_ns - r.start_ns
            then sqrt(n.residual2 * cast(n.residuals + 2 as double) / cast(n.residuals as double))
    end as sampling_se_j,
    case
        when b.covered = r.end_ns - r.start_ns and n.residuals > 0
            then cast(greatest(1, floor(cast(n.residuals as double) / 1.94)) as bigint)
    end as sampling_df,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.start_power_w end as start_power_w,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.start_pair_ns end as start_pair_ns,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.start_share end as start_share,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.end_power_w end as end_power_w,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.end_pair_ns end as end_pair_ns,
    case when b.covered = r.end_ns - r.start_ns and not b.was_reset then b.end_share end as end_share,
    coalesce(cast(b.covered as bigint), 0) as covered_ns,
    coalesce(b.covered = r.end_ns - r.start_ns, false) as bracketed,
    coalesce(b.was_reset, false) as was_reset,
    coalesce(i.samples, 0) as samples,
    nullif(b.gap, 0) as max_gap_ns,
    coalesce(i.least, b.least_rise) as min_power_w,
    coalesce(i.most, b.most_rise) as max_power_w,
    i.temperature as mean_temperature_c,
    i.memory as max_memory_mb,
    i.throttled as throttled_pct
from runs as r
left join series as s on r.host = s.host
left join between_readings as b on r.run_id = b.run_id and s.device_id = b.device_id and s.kind = b.kind
left join noise as n on r.run_id = n.run_id and s.device_id = n.device_id and s.kind = n.kind
left join inside as i on r.run_id = i.run_id and s.device_id = i.device_id and s.kind = i.kind
order by r.run_id, s.device_id, s.kind

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
    select *, x1 - x0 as x, case when width > 0 then (x1 - x0) / width else 1 end as part from clipped
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
            when kind = 'counter' then rise_j * least(part, 1 - part)
            when kind in ('interval_mean', 'model') then abs(v1) * width * least(part, 1 - part) / 1e9
            else 0
        end) as edge_j,
        sum(case when kind in ('instant', 'average') then power((v1 - v0) * x / 1e9, 2) else 0 end) as step2
    from shared
    group by run_id, device_id, kind
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
    case
        when b.covered = r.end_ns - r.start_ns and not b.was_reset
            then b.edge_j + 1.959963984540054 * sqrt(b.step2 / 2)
    end as energy_error_j,
    coalesce(cast(b.covered as bigint), 0) as covered_ns,
    coalesce(b.covered = r.end_ns - r.start_ns, false) as bracketed,
    coalesce(b.was_reset, false) as was_reset,
    coalesce(i.samples, 0) as samples,
    nullif(b.gap, 0) as max_gap_ns,
    i.least as min_power_w,
    i.most as max_power_w,
    i.temperature as mean_temperature_c,
    i.memory as max_memory_mb,
    i.throttled as throttled_pct
from runs as r
left join series as s on r.host = s.host
left join between_readings as b on r.run_id = b.run_id and s.device_id = b.device_id and s.kind = b.kind
left join inside as i on r.run_id = i.run_id and s.device_id = i.device_id and s.kind = i.kind
order by r.run_id, s.device_id, s.kind

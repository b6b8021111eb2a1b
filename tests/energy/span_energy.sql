-- One span x sensor x kind of reading: the energy between the span's edges.
-- A counter's rise is shared out by time; instant and average power is linear between readings (trapezoid, both edges
-- interpolated); a mean over an interval (interval_mean, model) holds for the interval that ends with the reading.
with clipped as (
    select
        s.session_id,
        s.span_id,
        s.start_ns,
        s.end_ns,
        g.device_id,
        g.scope,
        g.kind,
        g.v0,
        g.v1,
        g.rise_j,
        g.t1_ns - g.t0_ns as gap_ns,
        cast(greatest(s.start_ns, g.t0_ns) - g.t0_ns as double) as x0,
        cast(least(s.end_ns, g.t1_ns) - g.t0_ns as double) as x1,
        cast(g.t1_ns - g.t0_ns as double) as width
    from timespan as s
    inner join segment as g
        on s.session_id = g.session_id and g.t0_ns < s.end_ns and g.t1_ns > s.start_ns
    where s.end_ns > s.start_ns
)

select
    session_id,
    span_id,
    device_id,
    scope,
    kind,
    end_ns - start_ns as length_ns,
    sum(x1 - x0) as covered_ns,
    max(gap_ns) as max_gap_ns,
    bool_or(kind = 'counter' and rise_j is null) as was_reset,
    sum(
        case kind
            when 'counter' then rise_j * (x1 - x0) / width
            when 'interval_mean' then v1 * (x1 - x0) / 1e9
            when 'model' then v1 * (x1 - x0) / 1e9
            else (v0 + (v1 - v0) * (x0 + x1) / 2 / width) * (x1 - x0) / 1e9
        end
    ) as energy_j
from clipped
group by session_id, span_id, device_id, scope, kind, start_ns, end_ns

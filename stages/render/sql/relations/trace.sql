-- One sensor x bin of the session's beginning: mean, least and greatest power. A counter's power is its rise over the time it took.
with reading as (
    select
        p.device_id || ' (' || p.kind || ')' as sensor,
        p.t_ns,
        s.from_ns,
        cast(s.until_ns - s.from_ns as double) / 400 as bin_ns,
        case
            when p.kind = 'counter' then
                (p.energy_j - lag(p.energy_j) over (partition by p.device_id, p.kind order by p.t_ns)) * 1e9
                / nullif(cast(p.t_ns - lag(p.t_ns) over (partition by p.device_id, p.kind order by p.t_ns) as double), 0)
            else p.power_w
        end as power_w
    from trace_span as s
    inner join power_sample as p on s.session_id = p.session_id
    where p.t_ns between s.from_ns and s.until_ns
),

binned as (
    select *, floor(cast(t_ns - from_ns as double) / nullif(bin_ns, 0)) as bin
    from reading
    where power_w >= 0
)

select
    sensor,
    avg(cast(t_ns - from_ns as double)) / 1e9 as t_s,
    avg(power_w) as power_w,
    min(power_w) as least_w,
    max(power_w) as most_w,
    count(*) as n
from binned
group by sensor, bin

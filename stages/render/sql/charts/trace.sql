-- One bin of one of the first four sensors' power, or the window of one run, in seconds since the session began.
select kind, series, row, x, x2, value, low, high
from (
    select
        'power' as kind,
        sensor as series,
        '' as row,
        t_s as x,
        null as x2,
        power_w as value,
        least_w as low,
        most_w as high
    from trace
    where sensor in (select sensor from trace group by sensor order by sensor limit 4)
    union all
    select
        'window' as kind,
        null as series,
        r.backend || ' ' || r.mode || ' ' || r.scenario as row,
        cast(r.start_ns - s.from_ns as double) / 1e9 as x,
        cast(r.end_ns - s.from_ns as double) / 1e9 as x2,
        null as value,
        null as low,
        null as high
    from trace_span as s
    inner join run as r on s.session_id = r.session_id
    where r.end_ns is not null and r.end_ns <= s.until_ns
) as both
where exists (select 1 from trace)
order by kind, series, x

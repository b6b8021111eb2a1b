-- One cell or one of its runs: extremes, quartiles and median of the runs over the median, and each run where they are few.
select mode, row, series, kind, value, low, lower, upper, high, n, evidence
from (
    select
        mode_name as mode,
        place,
        scenario as row,
        name as series,
        'cell' as kind,
        middle as value,
        least as low,
        lower,
        upper,
        most as high,
        n,
        evidence
    from spread
    union all
    select
        m.label as mode,
        m.place,
        r.scenario as row,
        b.name as series,
        'run' as kind,
        r.ratio as value,
        null as low,
        null as lower,
        null as upper,
        null as high,
        null as n,
        null as evidence
    from run_value as r
    inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache
    inner join backend_label as b on r.backend = b.backend and r.device = b.device and r.model = b.model and r.dtype = b.dtype
) as both
order by place, row, series, kind, value

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
        c.scenario as row,
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
    inner join cell as c on r.cell_id = c.cell_id
    inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
    inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype
) as both
order by place, row, series, kind, value

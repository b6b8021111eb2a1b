-- One point: how often the value of one sensor changes, its longest gap, or over how long it averages, in ms.
select row, series, value
from (
    select device_id || ' (' || kind || ')' as row, 'value changes every' as series, max(update_period_ms) as value
    from sensor
    group by device_id, kind
    union all
    select device_id || ' (' || kind || ')' as row, 'longest gap' as series, max(longest_gap_ns) / 1e6 as value
    from sensor
    group by device_id, kind
    union all
    select device_id || ' (' || kind || ')' as row, 'averages over' as series, max(averaging_ms) as value
    from sensor
    group by device_id, kind
) as quality
where value > 0
order by row, series

-- Logs whose power follows the runs at another time than their clock says.
select
    'clock_offset' as code,
    'sensor ' || device_id || ' ' || kind as place,
    'warning' as severity,
    'the log is ' || cast(round(abs(offset_ms)) as bigint) || ' ms '
    || case when offset_ms > 0 then 'behind' else 'ahead of' end || ' the runs (' || cast(round(offset_low_ms) as bigint) || ' to '
    || cast(round(offset_high_ms) as bigint) || ' ms, from ' || runs
    || ' runs), and its energies have that in their error: import it again with --shift-ms '
    || cast(-round(offset_ms) as bigint)
    || case when is_ambiguous then ' (runs repeat so evenly that other offsets fit as well)' else '' end as what
from alignment
where method = 'aligned' and (offset_low_ms > 0 or offset_high_ms < 0) and abs(offset_ms) >= 10

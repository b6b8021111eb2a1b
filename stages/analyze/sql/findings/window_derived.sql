-- Imported runs whose window, or its length, is not what a clock of the run said.
select
    'window_derived' as code,
    imported_from || ': ' || window_from as place,
    'info' as severity,
    'the windows of ' || cast(count(*) as varchar) || ' runs were derived' as what
from run
where window_from is not null
group by imported_from, window_from

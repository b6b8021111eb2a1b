-- Runs during which other processes used the processor.
select
    'contention' as code,
    r.backend as place,
    'warning' as severity,
    'in ' || cast(count(*) as varchar) || ' runs other processes used more than ' || cast(max(c.max_other_cpu_pct) as varchar)
    || ' % of the processor, at most ' || cast(round(max(r.other_cpu_pct), 1) as varchar) || ' %' as what
from run as r
cross join config as c
where r.other_cpu_pct > c.max_other_cpu_pct
group by r.backend

-- Engines that kept more processors busy than the threads that they were set to, by more than half a processor.
select
    'threads_exceeded' as code,
    backend || ' set to ' || cast(threads as varchar) || ' threads' as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' runs kept up to ' || cast(round(max(cores_busy), 1) as varchar)
    || ' processors busy' as what
from run
where cores_busy > threads + 0.5
group by backend, threads

-- Engines that computed with fewer or more threads than they were set to.
select
    'threads_used' as code,
    backend || ' set to ' || cast(threads as varchar) || ' threads' as place,
    'info' as severity,
    cast(count(*) as varchar) || ' runs computed with another number of threads, '
    || case when min(threads_used) < max(threads_used) then cast(min(threads_used) as varchar) || ' to ' else '' end
    || cast(max(threads_used) as varchar) || ' by the kernel''s accounting' as what
from run
where threads_used <> threads
group by backend, threads

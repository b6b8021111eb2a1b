-- Cells of which nothing shows whether runs resemble those before them. If they do, their intervals are too narrow.
select
    'independence_unchecked' as code,
    backend || ' ' || mode || case when kv_cache then ' cached' else '' end as place,
    'info' as severity,
    'in ' || cast(count(*) as varchar) || ' cells: that runs are independent is assumed, ' || min(independence) as what
from verdict
where serial_correlation is null and usable > 1
group by backend, mode, kv_cache

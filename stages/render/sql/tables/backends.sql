-- One backend x mode x metric, over all scenarios.
select *
from backend_estimate
where metric not in ('gross_power_w', 'net_kwh_per_mtok')
order by place, metric, name

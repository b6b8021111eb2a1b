-- 1,000 million tokens a month for 12 months, rented by use and as whole machines.
select
    backend,
    instance,
    machines,
    monthly_usd,
    reserved_monthly_usd as whole_machines_monthly_usd,
    total_usd,
    total_usd_per_mtok,
    match
from tco
where provider = 'aws' and region = 'us-east-1' and tier = 'on_demand' and instance in ('g5.xlarge', 'c7i.2xlarge')
order by total_usd

-- One workload or blend: its volume a month, and the cheapest API.
select t.workload, t.volume_mtok, a.usd_per_mtok as api_usd_per_mtok, a.name as api
from (select workload, max(volume_mtok) as volume_mtok from tco group by workload) as t
left join (
    select
        workload,
        provider || ' ' || instance as name,
        usd_per_mtok,
        row_number() over (
            partition by workload order by usd_per_mtok asc nulls last, provider, instance, region
        ) as choice
    from api_cost
) as a on t.workload = a.workload and a.choice = 1
order by t.workload

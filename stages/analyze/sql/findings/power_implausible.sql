-- Power that nothing of its scope draws, several times over the largest machines of 2026: a column in another unit than its name.
with bound as (
    select * from (values ('gpu', 1e4), ('cpu_package', 4e3), ('dram', 2e3), ('node', 1e5)) as b (scope, most_w)
)

select
    'power_implausible' as code,
    'sensor ' || e.device_id as place,
    'error' as severity,
    'mean power of up to ' || round(max(e.mean_power_w)) || ' W in ' || count(*) || ' runs: no ' || max(e.scope)
    || ' draws that, the readings are in another unit' as what
from run_energy as e
inner join bound as b on e.scope = b.scope
where e.device_id <> 'total' and e.mean_power_w > b.most_w
group by e.device_id

-- A region's intensities are of one basis and one method: a mean of direct and life-cycle figures is of neither.
with newest as (
    select *, max(end_ns) over (partition by region) - 365 * 86400 * 1000000000 as since_ns
    from grid
    where gco2e_per_kwh is not null
)

select region, count(distinct basis) as bases, count(distinct coalesce(method, '')) as methods
from newest
where end_ns > since_ns
group by region
having count(distinct basis) > 1 or count(distinct coalesce(method, '')) > 1

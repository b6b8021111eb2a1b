-- One backend x mode: its million tokens on the own machine, the first by name where there are several.
select *
from (
    select *, row_number() over (partition by place, name order by provider, region, instance) as choice
    from backend_cost
    where tier = 'on_prem'
) as placed
where choice = 1
order by place, name

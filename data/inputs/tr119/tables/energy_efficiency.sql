-- Tokens per kWh: unweighted means over the cells of both modes, and the best backend of prefill.
with cell as (
    select backend, mode, 1e6 / kwh_per_mtok as tokens_per_kwh
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
),

mean as (
    select 'all_cells' as scope, backend, avg(tokens_per_kwh) as tokens_per_kwh from cell group by backend
    union all
    select 'prefill' as scope, backend, avg(tokens_per_kwh) as tokens_per_kwh from cell where mode = 'prefill' group by backend
),

placed as (
    select *, row_number() over (partition by scope order by tokens_per_kwh desc) as place
    from mean
)

select scope, backend, tokens_per_kwh
from placed
where scope = 'all_cells' or place = 1
order by scope, place

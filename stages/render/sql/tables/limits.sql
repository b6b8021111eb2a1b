-- One limit that is true of this run: its sentence. One of which a part is not known is not said.
with energy as (
    select
        count(*) as windows,
        sum(case when evidence = 'estimated' then 1 else 0 end) as estimated,
        sum(case when valid then 0 else 1 end) as unknown
    from run_energy
    where device_id = 'total'
),

hosts as (
    select distinct coalesce(cpu, 'a machine that the import does not name') as host from session
),

methods as (
    select distinct grid_basis || ', ' || coalesce(grid_method, 'unknown') as method from region_carbon
),

said as (
    select
        1 as place,
        'Runs of ' || string_agg(host, ', ' order by host) || ': other machines, drivers and versions give other numbers.' as line
    from hosts
    union all
    select 2 as place, 'One model, ' || min(model) || ': sizes and families scale differently.' as line
    from run
    having count(distinct model) = 1
    union all
    select 3 as place, 'Weights are synthetic: speed and energy are as of real ones of that shape, text is not.' as line
    from run
    where weights = 'synthetic'
    having count(*) > 0
    union all
    select
        4 as place,
        'At most ' || max(new_tokens_asked) || ' new tokens a sequence and ' || max(prompt_tokens_padded / greatest(batch, 1))
        || ' prompt tokens were run: requests of more are extrapolated at the same rates.' as line
    from run
    having max(batch) > 0
    union all
    select
        5 as place,
        'The energy of ' || estimated || ' of ' || windows || ' windows is a model''s estimate. It ranks nothing.' as line
    from energy
    where estimated > 0
    union all
    select
        6 as place,
        'The energy of ' || unknown || ' of ' || windows || ' windows is not known; reasons are in the section on validation.' as line
    from energy
    where unknown > 0
    union all
    select
        7 as place,
        sum(case when n < 2 then 1 else 0 end) || ' of ' || count(*) || ' cells have one run, hence no interval.' as line
    from cell_estimate
    where metric = 'latency_ms'
    having sum(case when n < 2 then 1 else 0 end) > 0
    union all
    select
        8 as place,
        'Prices are of ' || min(as_of) || ' to ' || max(as_of) || ', the days for which their sources vouch.' as line
    from price
    having count(as_of) > 0
    union all
    select
        9 as place,
        (count(*) - count(as_of)) || ' of ' || count(*) || ' prices have no date: their sources do not say of when they are.' as line
    from price
    where tier <> 'on_prem'
    having count(as_of) < count(*)
    union all
    select
        10 as place,
        'Carbon of regions is ranked within one method alone (' || string_agg(method, '; ' order by method)
        || '): direct and life-cycle figures, or those of two accounts, have no order.' as line
    from methods
    having count(*) > 1
)

select line
from said
where line is not null
order by place

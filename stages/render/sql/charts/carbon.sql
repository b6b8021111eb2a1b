-- One bar: grams of a million tokens of one cell on the own machine, the first by name where there are several.
select
    m.label as mode,
    c.scenario as row,
    b.name as series,
    c.gco2e_per_mtok as value,
    c.ci_low_gco2e_per_mtok as low,
    c.ci_high_gco2e_per_mtok as high,
    c.runs as n,
    c.gco2e_evidence as evidence
from (
    select
        *,
        row_number() over (partition by cell_id order by provider, region, instance) as choice
    from cost
    where tier = 'on_prem' and basis = case when mode = 'prefill' then 'input' else 'output' end and gco2e_per_mtok is not null
) as c
inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype
where c.choice = 1
order by m.place, c.scenario, b.name

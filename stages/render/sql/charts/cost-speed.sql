-- One point: a cell's speed, and its dollars at the backend's cheapest price, that of the hardware that ran first.
select
    c.mode_name as mode,
    c.scenario as row,
    c.name as series,
    c.estimate as x,
    c.ci_low as x_low,
    c.ci_high as x_high,
    d.total_usd_per_mtok as y,
    d.ci_low_usd_per_mtok as y_low,
    d.ci_high_usd_per_mtok as y_high,
    c.n,
    t.usd_evidence as evidence
from cell_estimate as c
inner join (
    select *, row_number() over (partition by place, name order by match desc, usd, price) as choice
    from tier_cost
) as t on c.name = t.name and c.place = t.place and t.choice = 1
inner join cost as d
    on c.cell_id = d.cell_id and t.provider = d.provider and t.region = d.region and t.instance = d.instance and t.tier = d.tier
    and t.basis = d.basis
where c.metric in ('input_tokens_per_s', 'output_tokens_per_s') and c.estimate > 0 and d.total_usd_per_mtok > 0
order by c.place, c.name, c.scenario
limit 900

-- One run of a cell that has a cost: its dollars and grams. The cell's cost is spread over its runs as their hours and energies are, so
-- that their mean is the cell's cost whatever tokens it counts; the price is common to all of them.
with priced as (
    select r.*
    from run_value as r
    left semi join cost as c on r.cell_id = c.cell_id
),

mean as (
    select
        cell_id,
        avg(hours_per_mtok) as hours_per_mtok,
        nullif(avg(j_per_token), 0) as j_per_token
    from priced
    group by cell_id
),

-- A cell on the own machine: what its energy takes and, where known, the share of making the hardware.
own as (
    select
        cell_id,
        min(gco2e_per_mtok) as gco2e_per_mtok,
        min(embodied_gco2e_per_mtok) as embodied_gco2e_per_mtok,
        weakest(gco2e_evidence) as gco2e_evidence
    from cost
    where tier = 'on_prem' and basis = case when mode = 'prefill' then 'input' else 'output' end
    group by cell_id
),

-- What an hour and a joule per token cost and emit.
rate as (
    select
        m.*,
        d.infra_usd_per_mtok,
        d.energy_usd_per_mtok,
        d.usd_evidence,
        g.gco2e_per_mtok,
        coalesce(g.embodied_gco2e_per_mtok, 0) as embodied_gco2e_per_mtok,
        g.gco2e_evidence
    from mean as m
    left join chosen_cost as d on m.cell_id = d.cell_id
    left join own as g on m.cell_id = g.cell_id
)

select
    t.session_id,
    t.run_id,
    t.cell_id,
    t.place,
    -- times a share that is not known would make a known total unknown
    r.infra_usd_per_mtok * (t.hours_per_mtok / r.hours_per_mtok)
    + case when r.energy_usd_per_mtok = 0 then 0 else r.energy_usd_per_mtok * (t.j_per_token / r.j_per_token) end
        as total_usd_per_mtok,
    r.gco2e_per_mtok * (t.j_per_token / r.j_per_token)
    + r.embodied_gco2e_per_mtok * (t.hours_per_mtok / r.hours_per_mtok) as gco2e_per_mtok,
    -- what the sensors may be off by, in dollars and grams
    case
        when r.energy_usd_per_mtok = 0 then 0.0
        else
            r.energy_usd_per_mtok * (t.j_per_token / r.j_per_token)
            * (t.gross_kwh_error_per_mtok / nullif(t.gross_kwh_per_mtok, 0))
    end as total_usd_error_per_mtok,
    r.gco2e_per_mtok * (t.j_per_token / r.j_per_token) * (t.gross_kwh_error_per_mtok / nullif(t.gross_kwh_per_mtok, 0))
        as gco2e_error_per_mtok,
    r.usd_evidence,
    r.gco2e_evidence,
    t.energy_evidence,
    -- dollars of a rent that includes power hold no energy
    case when r.energy_usd_per_mtok <> 0 then t.energy_evidence end as usd_energy_evidence
from priced as t
inner join rate as r on t.cell_id = r.cell_id

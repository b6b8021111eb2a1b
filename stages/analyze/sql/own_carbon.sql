-- One cell on the own machine: grams of its energy and, where known, of the share of making the hardware.
select
    cell_id,
    min(gco2e_per_mtok) as gco2e_per_mtok,
    min(embodied_gco2e_per_mtok) as embodied_gco2e_per_mtok,
    weakest(gco2e_evidence) as gco2e_evidence
from cost
where tier = 'on_prem' and basis = case when mode = 'prefill' then 'input' else 'output' end
group by cell_id

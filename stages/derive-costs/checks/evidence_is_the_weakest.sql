-- What is computed is known as weakly as what it was computed from: time, energy, price and grid.
with shown as (
    select
        'cost' as source,
        usd_evidence as evidence,
        weakest_of(match, case when includes_power then 'measured' else energy_evidence end) as parts
    from cost
    union all
    select 'cost' as source, gco2e_evidence as evidence, weakest_of(match, energy_evidence) as parts
    from cost
    union all
    select 'cost' as source, c.energy_evidence as evidence, weakest(u.evidence) as parts
    from cost as c
    inner join run_unit as u on c.cell_id = u.cell_id and c.basis = u.basis
    where c.tier = 'on_prem'
    group by c.cell_id, c.basis, c.provider, c.region, c.instance, c.energy_evidence
    union all
    select 'cost' as source, c.usd_evidence as evidence, weakest(u.time_evidence) as parts
    from cost as c
    inner join run_unit as u on c.cell_id = u.cell_id and c.basis = u.basis
    where c.tier = 'on_prem'
    group by c.cell_id, c.basis, c.provider, c.region, c.instance, c.usd_evidence
    union all
    select 'request_cost' as source, usd_evidence as evidence, match as parts
    from request_cost
    union all
    select 'request_cost' as source, gco2e_evidence as evidence, weakest_of(match, energy_evidence) as parts
    from request_cost
    union all
    select 'tco' as source, weakest_of(t.usd_evidence, t.gco2e_evidence) as evidence, weakest_of(r.usd_evidence, r.gco2e_evidence) as parts
    from tco as t
    inner join request_cost as r
        on t.backend = r.backend and t.device = r.device and t.model = r.model and t.dtype = r.dtype and t.kv_cache = r.kv_cache
        and t.workload = r.workload and t.provider = r.provider and t.region = r.region and t.instance = r.instance and t.tier = r.tier
    union all
    select 'utilisation_cost' as source, usd_evidence as evidence, match as parts
    from utilisation_cost
    union all
    select 'break_even' as source, b.evidence, weakest_of(b.match, m.usd_evidence) as parts
    from break_even as b
    inner join own_month as m
        on b.backend = m.backend and b.device = m.device and b.model = m.model and b.dtype = m.dtype and b.kv_cache = m.kv_cache
        and b.workload = m.workload
    union all
    select 'region_carbon' as source, r.evidence, weakest_of(r.match, u.energy_evidence) as parts
    from region_carbon as r
    inner join mode_unit as u
        on r.backend = u.backend and r.device = u.device and r.model = u.model and r.dtype = u.dtype and r.mode = u.mode
        and r.kv_cache = u.kv_cache and u.basis = case when u.mode = 'prefill' then 'input' else 'output' end
)

select source, evidence, parts, count(*) as n
from shown
where weakest_of(evidence, parts) <> evidence
group by source, evidence, parts

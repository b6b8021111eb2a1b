-- A request's hours are those of its prompt and its new tokens, and its dollars are their hours and its energy at the offer's rates.
select r.backend, r.workload, r.provider, r.instance, r.tier, r.total_usd
from request_cost as r
inner join request_offer as o
    on r.backend = o.backend and r.device = o.device and r.model = o.model and r.dtype = o.dtype and r.kv_cache = o.kv_cache
    and r.workload = o.workload and r.provider = o.provider and r.region = o.region and r.instance = o.instance and r.tier = o.tier
inner join mode_unit as p
    on r.backend = p.backend and r.device = p.device and r.model = p.model and r.dtype = p.dtype
    and p.mode = 'prefill' and p.basis = 'input'
inner join mode_unit as g
    on r.backend = g.backend and r.device = g.device and r.model = g.model and r.dtype = g.dtype and r.kv_cache = g.kv_cache
    and g.mode = 'generate' and g.basis = 'output'
where
    abs((r.prefill_s + r.generate_s) / 3600 * o.usd_per_used_hour - r.infra_usd) > 1e-9 * r.infra_usd
    or abs(r.infra_usd + r.energy_usd - r.total_usd) > 1e-9 * r.total_usd
    or abs((r.prompt_tokens * p.hours_per_mtok + r.generated_tokens * g.hours_per_mtok) * 0.0036 - r.prefill_s - r.generate_s)
    > 1e-9 * (r.prefill_s + r.generate_s)
    or abs((r.prompt_tokens * p.kwh_per_mtok + r.generated_tokens * g.kwh_per_mtok) / 1e6 - r.energy_kwh) > 1e-9 * r.energy_kwh

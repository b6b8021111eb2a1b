-- One backend x cache x workload: time and energy of a request, its prompt at the rate of prefill and its new tokens at the
-- rate of generate.
select
    g.backend,
    g.device,
    g.model,
    g.dtype,
    g.kv_cache,
    g.cpu,
    w.name as workload,
    w.prompt_tokens,
    w.generated_tokens,
    w.volume_mtok,
    w.months,
    p.hours_per_mtok * w.prompt_tokens / 1e6 * 3600 as prefill_s,
    g.hours_per_mtok * w.generated_tokens / 1e6 * 3600 as generate_s,
    (p.kwh_per_mtok * w.prompt_tokens + g.kwh_per_mtok * w.generated_tokens) / 1e6 as energy_kwh,
    case
        when p.energy_evidence = 'unknown' or g.energy_evidence = 'unknown' then 'unknown'
        when p.energy_evidence = 'estimated' or g.energy_evidence = 'estimated' then 'estimated'
        when p.energy_evidence = 'imported' or g.energy_evidence = 'imported' then 'imported'
        when p.energy_evidence = 'measured_integral' or g.energy_evidence = 'measured_integral' then 'measured_integral'
        else 'measured_counter'
    end as energy_evidence
from mode_unit as g
inner join mode_unit as p
    on g.backend = p.backend and g.device = p.device and g.model = p.model and g.dtype = p.dtype
cross join workload as w
where g.mode = 'generate' and g.basis = 'output' and p.mode = 'prefill' and p.basis = 'input'

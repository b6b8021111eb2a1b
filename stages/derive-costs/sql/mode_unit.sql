-- One backend x mode: unit costs averaged over scenarios with equal weight.
select
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    basis,
    max(cpu) as cpu,
    avg(hours_per_mtok) as hours_per_mtok,
    case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh_per_mtok,
    case
        when bool_or(energy_evidence = 'unknown') then 'unknown'
        when bool_or(energy_evidence = 'estimated') then 'estimated'
        when bool_or(energy_evidence = 'imported') then 'imported'
        when bool_or(energy_evidence = 'measured_integral') then 'measured_integral'
        else 'measured_counter'
    end as energy_evidence
from cell_unit
group by backend, device, model, dtype, mode, kv_cache, basis

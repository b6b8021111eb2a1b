-- One cell x token basis: means over its runs, and what an interval needs. One run without energy leaves the cell without.
select
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    scenario,
    basis,
    max(batch) as batch,
    max(cpu) as cpu,
    count(*) as runs,
    avg(hours_per_mtok) as hours_per_mtok,
    case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh_per_mtok,
    var_samp(hours_per_mtok) as var_hours,
    var_samp(kwh_per_mtok) as var_kwh,
    covar_samp(hours_per_mtok, kwh_per_mtok) as covar,
    case when count(kwh_per_mtok) = count(*) then max(energy_scope) end as energy_scope,
    case
        when bool_or(evidence = 'unknown') then 'unknown'
        when bool_or(evidence = 'estimated') then 'estimated'
        when bool_or(evidence = 'imported') then 'imported'
        when bool_or(evidence = 'measured_integral') then 'measured_integral'
        else 'measured_counter'
    end as energy_evidence
from run_unit
group by backend, device, model, dtype, mode, kv_cache, scenario, basis

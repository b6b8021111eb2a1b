-- One cell x token basis: means over its runs, and what an interval needs: variances and covariance of the means, degrees of
-- freedom, and the standard uncertainty of the energy itself. The latter is taken as common to all runs: it does not shrink with
-- their number. One run without energy leaves the cell without.
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
    var_samp(hours_per_mtok) / count(*) as var_hours,
    case when count(kwh_per_mtok) = count(*) then var_samp(kwh_per_mtok) / count(*) end as var_kwh,
    case when count(kwh_per_mtok) = count(*) then covar_samp(hours_per_mtok, kwh_per_mtok) / count(*) end as covar,
    cast(count(*) - 1 as double) as df,
    -- the error is half of a 95 % interval
    case when count(kwh_per_mtok) = count(*) then avg(kwh_error_per_mtok) / 1.959963984540054 end as u_kwh,
    case when count(kwh_per_mtok) = count(*) then max(energy_scope) end as energy_scope,
    weakest(evidence) as energy_evidence,
    weakest(time_evidence) as time_evidence
from run_unit
group by backend, device, model, dtype, mode, kv_cache, scenario, basis

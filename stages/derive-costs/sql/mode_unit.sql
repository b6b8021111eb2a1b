-- One backend x mode: unit costs averaged over scenarios with equal weight. Degrees of freedom by Welch (1947) and Satterthwaite
-- (1946), the smaller of those of time and energy.
select
    backend,
    device,
    model,
    dtype,
    mode,
    kv_cache,
    basis,
    case when min(hardware) = max(hardware) then min(hardware) else concat(device, ' of several machines') end as hardware,
    avg(hours_per_mtok) as hours_per_mtok,
    case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh_per_mtok,
    case when count(var_hours) = count(*) then sum(var_hours) / (count(*) * count(*)) end as var_hours,
    case when count(var_kwh) = count(*) then sum(var_kwh) / (count(*) * count(*)) end as var_kwh,
    case when count(covar) = count(*) then sum(covar) / (count(*) * count(*)) end as covar,
    case
        when count(var_hours) = count(*) then
            least(
                coalesce(sum(var_hours) * sum(var_hours) / nullif(sum(var_hours * var_hours / df), 0), sum(df)),
                coalesce(sum(var_kwh) * sum(var_kwh) / nullif(sum(var_kwh * var_kwh / df), 0), sum(df))
            )
    end as df,
    case when count(kwh_per_mtok) = count(*) then avg(u_kwh) end as u_kwh,
    weakest(energy_evidence) as energy_evidence,
    weakest(time_evidence) as time_evidence
from cell_unit
group by backend, device, model, dtype, mode, kv_cache, basis

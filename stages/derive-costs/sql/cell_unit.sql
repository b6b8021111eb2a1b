-- One cell x token basis: means over its runs, and what an interval needs: variances and covariance of the means, degrees of freedom, and
-- the standard uncertainty of the energy itself, common to all runs: it does not shrink with their number. One run without energy
-- leaves the cell without.
--
-- Variances are relative ones of the logs of means of positive runs, s^2 / n + s^4 / (2 (n - 1)) with s of the runs' logs (Cox; Zou, Huo,
-- Taleban 2009, doi:10.1002/env.919), times the mean squared, and wider by what runs resemble those before them (serial_correlation).
with mean as (
    select
        cell_id,
        basis,
        case when min(hardware) = max(hardware) then min(hardware) else concat(max(device), ' of several machines') end as hardware,
        min(session_id) as session_id,
        count(*) as runs,
        cast(count(*) as double) as n,
        avg(hours_per_mtok) as hours_per_mtok,
        case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh_per_mtok,
        var_samp(ln(hours_per_mtok)) as s_hours,
        case when count(kwh_per_mtok) = count(*) and min(kwh_per_mtok) > 0 then var_samp(ln(kwh_per_mtok)) end as s_kwh,
        case
            when count(kwh_per_mtok) = count(*) and min(kwh_per_mtok) > 0
                then covar_samp(ln(hours_per_mtok), ln(nullif(greatest(kwh_per_mtok, 0), 0)))
        end as s_both,
        case when count(kwh_per_mtok) = count(*) then var_samp(kwh_per_mtok) / count(*) end as linear_kwh,
        case when count(kwh_per_mtok) = count(*) then covar_samp(hours_per_mtok, kwh_per_mtok) / count(*) end as linear_both,
        -- the error is half of a 95 % interval
        case when count(kwh_per_mtok) = count(*) then avg(kwh_error_per_mtok) / 1.959963984540054 end as u_kwh,
        case when count(kwh_per_mtok) = count(*) then max(energy_scope) end as energy_scope,
        weakest(evidence) as energy_evidence,
        weakest(time_evidence) as time_evidence
    from run_unit
    group by cell_id, basis
),

-- Runs of a cell are worth tau times fewer, tau = 1 + 2 sum (1 - k / n) rho^k, and their own variance is too small by (n - tau) / (n - 1).
rho as (
    select
        m.*,
        c.rho_hours,
        c.rho_kwh,
        (1 + c.rho_hours) / (1 - c.rho_hours)
        - 2 * c.rho_hours * (1 - power(c.rho_hours, m.n)) / (m.n * (1 - c.rho_hours) * (1 - c.rho_hours)) as tau_hours,
        (1 + c.rho_kwh) / (1 - c.rho_kwh)
        - 2 * c.rho_kwh * (1 - power(c.rho_kwh, m.n)) / (m.n * (1 - c.rho_kwh) * (1 - c.rho_kwh)) as tau_kwh
    from mean as m
    left join serial_correlation as c
        on m.session_id = c.session_id and m.basis = c.basis
        and c.cell = case when m.runs < 25 then '*' else m.cell_id end
),

wider as (
    select
        *,
        case when runs > 1 then coalesce(greatest(tau_hours * (n - 1) / (n - tau_hours), 1), 1) end as wider_hours,
        case when runs > 1 then coalesce(greatest(tau_kwh * (n - 1) / (n - tau_kwh), 1), 1) end as wider_kwh
    from rho
)

select
    c.*,
    w.basis,
    w.hardware,
    w.runs,
    hours_per_mtok,
    kwh_per_mtok,
    hours_per_mtok * hours_per_mtok * wider_hours * (s_hours / n + s_hours * s_hours / (2 * nullif(n - 1, 0))) as var_hours,
    wider_kwh
    * coalesce(kwh_per_mtok * kwh_per_mtok * (s_kwh / n + s_kwh * s_kwh / (2 * nullif(n - 1, 0))), linear_kwh) as var_kwh,
    sqrt(wider_hours * wider_kwh)
    * coalesce(hours_per_mtok * kwh_per_mtok * (s_both / n + s_both * s_both / (2 * nullif(n - 1, 0))), linear_both) as covar,
    n - 1 as df,
    u_kwh,
    energy_scope,
    energy_evidence,
    time_evidence
from cell as c
inner join wider as w on c.cell_id = w.cell_id

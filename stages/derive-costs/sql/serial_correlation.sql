-- One session x token basis x pool of cells (`*`: those with under 25 runs together; else a cell alone): how far a run resembles the one
-- before it, in hours and in kWh. Null where its standard error is above 0.4; 0 where runs avoid each other; 0.8 at most, above which it
-- is a trend. Formulas and their source: docs/statistics.md, "Dependent runs".
with run as (
    select
        session_id,
        basis,
        cell_id as cell,
        place,
        run_id,
        ln(hours_per_mtok) as hours,
        ln(case when kwh_per_mtok > 0 then kwh_per_mtok end) as kwh
    from run_unit
),

centred as (
    select
        min(session_id) over (partition by basis, cell) as session_id,
        session_id as own_session,
        basis,
        cell,
        place,
        run_id,
        count(*) over (partition by basis, cell) as n,
        hours - avg(hours) over (partition by basis, cell) as hours,
        case when count(kwh) over (partition by basis, cell) = count(*) over (partition by basis, cell)
            then kwh - avg(kwh) over (partition by basis, cell)
        end as kwh
    from run
),

followed as (
    select
        *,
        lead(hours) over (partition by basis, cell order by own_session asc, place asc, run_id asc) as next_hours,
        lead(kwh) over (partition by basis, cell order by own_session asc, place asc, run_id asc) as next_kwh
    from centred
    where n > 2
),

cell as (
    select
        session_id,
        basis,
        case when max(n) < 25 then '*' else cell end as pool,
        cast(max(n) as double) as n,
        (max(n) - 2) * (max(n) - 1.5) / (max(n) * (max(n) + 1.0)) as slope,
        -- deviations of equal runs are nothing but rounding
        case when sum(hours * hours) > 1e-24 then sum(hours * next_hours) / sum(hours * hours) end as r_hours,
        case when sum(kwh * kwh) > 1e-24 then sum(kwh * next_kwh) / sum(kwh * kwh) end as r_kwh
    from followed
    group by session_id, basis, cell
),

pooled as (
    select
        session_id,
        basis,
        pool,
        sum(n * slope * (r_hours + 1 / n)) as y_hours,
        sum(case when r_hours is not null then n * slope * slope end) as a_hours,
        sum(case when r_hours is not null then 1.15 * slope * slope end) as b_hours,
        sum(case when r_hours is not null then n * n * slope * slope * (n - 1) / (n * (n + 2)) end) as v_hours,
        sum(n * slope * (r_kwh + 1 / n)) as y_kwh,
        sum(case when r_kwh is not null then n * slope * slope end) as a_kwh,
        sum(case when r_kwh is not null then 1.15 * slope * slope end) as b_kwh,
        sum(case when r_kwh is not null then n * n * slope * slope * (n - 1) / (n * (n + 2)) end) as v_kwh
    from cell
    group by session_id, basis, pool
)

select
    session_id,
    basis,
    pool as cell,
    case
        when sqrt(v_hours) / a_hours <= 0.4
            then least(greatest((a_hours - sqrt(greatest(a_hours * a_hours - 4 * b_hours * y_hours, 0))) / (2 * b_hours), 0), 0.8)
    end as rho_hours,
    case
        when sqrt(v_kwh) / a_kwh <= 0.4
            then least(greatest((a_kwh - sqrt(greatest(a_kwh * a_kwh - 4 * b_kwh * y_kwh, 0))) / (2 * b_kwh), 0), 0.8)
    end as rho_kwh
from pooled

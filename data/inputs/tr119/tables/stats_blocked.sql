-- The same dollars with scenarios as blocks: pairs of backends within each scenario, on logs, and all ten pairs of a mode adjusted by Holm.
with cell as (
    select backend, mode, scenario, ln(total_usd_per_mtok) as log_usd
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand' and total_usd_per_mtok > 0
        and basis = case when mode = 'prefill' then 'input' else 'output' end
),

pair as (
    select
        a.mode,
        a.backend as a,
        b.backend as b,
        cast(count(*) as double) as scenarios,
        avg(b.log_usd - a.log_usd) as difference,
        stddev_samp(b.log_usd - a.log_usd) as spread
    from cell as a
    inner join cell as b on a.mode = b.mode and a.scenario = b.scenario and a.backend < b.backend
    group by a.mode, a.backend, b.backend
),

tested as (
    select
        *,
        difference / (spread / sqrt(scenarios)) as statistic,
        scenarios - 1 as df,
        student_t_p(difference / (spread / sqrt(scenarios)), scenarios - 1) as p,
        student_t_quantile(0.975, scenarios - 1) * spread / sqrt(scenarios) as half
    from pair
    where spread > 0
),

stepped as (
    select
        *,
        least(1, p * (count(*) over (partition by mode) + 1 - row_number() over (partition by mode order by p))) as step
    from tested
),

listed as (
    select
        mode,
        case test when 'blocked_anova' then 'blocked anova' else test end as test,
        cast(null as varchar) as a,
        cast(null as varchar) as b,
        cast(null as double) as ratio,
        cast(null as double) as ratio_low,
        cast(null as double) as ratio_high,
        statistic,
        df,
        df_error,
        p,
        cast(null as double) as p_holm,
        0 as place
    from omnibus
    where metric = 'total_usd_per_mtok' and test in ('blocked_anova', 'friedman')
    union all
    select
        mode,
        'paired t of logs' as test,
        a,
        b,
        exp(difference) as ratio,
        exp(difference - half) as ratio_low,
        exp(difference + half) as ratio_high,
        statistic,
        df,
        cast(null as double) as df_error,
        p,
        max(step) over (partition by mode order by p) as p_holm,
        1 as place
    from stepped
)

select mode, test, a, b, ratio, ratio_low, ratio_high, statistic, df, df_error, p, p_holm
from listed
order by mode asc, place asc, test asc, p_holm asc, p asc, a asc, b asc

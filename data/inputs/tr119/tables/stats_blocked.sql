-- The same dollars with scenarios as blocks, and all ten pairs with p adjusted by Holm: what is left of the study's differences.
with listed as (
    select
        mode,
        case test when 'blocked_anova' then 'blocked anova' else test end as test,
        cast(null as varchar) as a,
        cast(null as varchar) as b,
        statistic,
        df,
        df_error,
        p,
        cast(null as double) as p_holm,
        cast(null as double) as cohens_d,
        cast(null as double) as d_low,
        cast(null as double) as d_high,
        0 as place
    from omnibus
    where metric = 'total_usd_per_mtok' and test in ('blocked_anova', 'friedman')
    union all
    select
        mode,
        't' as test,
        a,
        b,
        statistic,
        df,
        cast(null as double) as df_error,
        p,
        p_adjusted as p_holm,
        effect_size as cohens_d,
        effect_low as d_low,
        effect_high as d_high,
        1 as place
    from comparison
    where metric = 'total_usd_per_mtok'
)

select mode, test, a, b, statistic, df, df_error, p, p_holm, cohens_d, d_low, d_high
from listed
order by mode asc, place asc, test asc, p_holm asc, a asc, b asc

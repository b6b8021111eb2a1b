-- The study's tests on total dollars at the AWS on-demand rate: five scenario means a backend taken as replicates, one-way analysis of
-- variance, Student's t with pooled variance, and only the pairs under 0.05.
with pair as (
    select
        c.*,
        100 * c.difference / nullif(a.mean, 0) as difference_pct
    from comparison as c
    inner join (
        select backend, mode, avg(total_usd_per_mtok) as mean
        from cost
        where
            provider = 'aws_g5_xlarge' and tier = 'on_demand'
            and basis = case when mode = 'prefill' then 'input' else 'output' end
        group by backend, mode
    ) as a on c.a = a.backend and c.mode = a.mode
    where c.metric = 'total_usd_per_mtok'
),

listed as (
    select
        mode,
        'anova' as test,
        cast(null as varchar) as a,
        cast(null as varchar) as b,
        statistic,
        p,
        cast(null as double) as difference_usd,
        cast(null as double) as difference_pct,
        cast(null as double) as cohens_d
    from omnibus
    where metric = 'total_usd_per_mtok' and test = 'one_way_anova'
    union all
    select
        mode,
        't' as test,
        a,
        b,
        cast(null as double) as statistic,
        p,
        difference as difference_usd,
        difference_pct,
        effect_size as cohens_d
    from pair
    where p < 0.05
)

select *
from listed
order by mode asc, test asc, a asc, b asc

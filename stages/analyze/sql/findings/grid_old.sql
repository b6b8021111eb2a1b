-- Tariffs and carbon intensities whose year had ended long before the runs, of the regions whose electricity a price or the own machine
-- uses. A newer row of a region takes the place of an older one, so each figure is looked at in its newest year alone.
with made as (
    select max(started_ns) as started_ns from session
),

used as (
    select grid_region as region, bool_or(tier = 'on_prem') as is_own
    from cost
    where grid_region is not null
    group by grid_region
),

figure as (
    select region, 'carbon intensity' as figure, year as figure_year, end_ns
    from grid
    where gco2e_per_kwh is not null
    union all
    select region, 'tariff' as figure, coalesce(tariff_year, year) as figure_year, end_ns
    from grid
    where usd_per_kwh is not null and region not in (select region from tariff)
    union all
    select region, 'tariff' as figure, cast(substr(valid_until, 1, 4) as bigint) as figure_year, cast(to_timestamp_nanos(valid_until) as bigint)
    from tariff
),

newest as (
    select f.region, f.figure, bool_or(u.is_own) as is_own, max(f.figure_year) as figure_year, max(f.end_ns) as end_ns
    from figure as f
    inner join used as u on f.region = u.region
    group by f.region, f.figure
),

-- Where a year is stated the figure is of that year, whatever interval its row stands for.
ended as (
    select
        *,
        case
            when figure_year is null then end_ns
            else cast(to_timestamp_nanos(concat(cast(figure_year as varchar), '-12-31')) as bigint) + 86400000000000
        end as ended_ns
    from newest
)

select
    'grid_old' as code,
    e.figure as place,
    'warning' as severity,
    'of ' || cast(count(*) as varchar) || ' grid regions in use the ' || e.figure || ' describes a year that ended more than '
    || cast(max(c.max_grid_age_years) as varchar) || ' years before the runs, ' || min(e.region) || ' first'
    || case when bool_or(e.is_own) then ', the own machine''s among them' else '' end
    || coalesce(', the oldest of ' || cast(min(e.figure_year) as varchar), '') || ': newer years may differ' as what
from config as c
cross join made as m
cross join ended as e
where m.started_ns - e.ended_ns > c.max_grid_age_years * 365 * 86400000000000
group by e.figure

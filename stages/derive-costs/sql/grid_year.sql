-- One grid region: means over the year that ends with the latest interval in which each figure is known, weighted by time. Tariff,
-- intensity and PUE have a newest year each: an older one never stands before a newer. A tariff with hours takes the grid's place.
with known as (
    select
        *,
        coalesce(tariff_year, year) as year_of_tariff,
        max(case when usd_per_kwh is not null then end_ns end) over (partition by region) - 365 * 86400 * 1000000000 as usd_since_ns,
        max(case when gco2e_per_kwh is not null then end_ns end) over (partition by region) - 365 * 86400 * 1000000000 as carbon_since_ns,
        max(case when pue is not null then end_ns end) over (partition by region) - 365 * 86400 * 1000000000 as pue_since_ns
    from grid
),

-- Seconds of an interval that lie in the year of each figure; 0 where it is not known.
part as (
    select
        *,
        case
            when usd_per_kwh is not null then greatest(cast(end_ns - greatest(start_ns, usd_since_ns) as double), 0) else 0
        end as usd_length,
        case
            when gco2e_per_kwh is not null then greatest(cast(end_ns - greatest(start_ns, carbon_since_ns) as double), 0) else 0
        end as carbon_length,
        case when pue is not null then greatest(cast(end_ns - greatest(start_ns, pue_since_ns) as double), 0) else 0 end as pue_length
    from known
),

tariff_year as (
    select
        *,
        max(end_ns) over (partition by region) - 365 * 86400 * 1000000000 as since_ns
    from tariff_hour
),

tariff_mean as (
    select
        region,
        sum(usd_per_kwh * cast(end_ns - greatest(start_ns, since_ns) as double))
        / sum(cast(end_ns - greatest(start_ns, since_ns) as double)) as usd_per_kwh
    from tariff_year
    where end_ns > since_ns
    group by region
),

mean as (
    select
        region,
        sum(usd_per_kwh * usd_length) / nullif(sum(usd_length), 0) as usd_per_kwh,
        sum(gco2e_per_kwh * carbon_length) / nullif(sum(carbon_length), 0) as gco2e_per_kwh,
        sum(pue * pue_length) / nullif(sum(pue_length), 0) as pue,
        max(case when carbon_length > 0 then year end) as year,
        max(case when usd_length > 0 then year_of_tariff end) as tariff_year,
        max(case when carbon_length > 0 then basis end) as basis,
        max(case when carbon_length > 0 then method end) as method,
        coalesce(bool_or(example) filter (where usd_length > 0), false) as tariff_is_example,
        coalesce(bool_or(example) filter (where carbon_length > 0), false) as carbon_is_example
    from part
    group by region
)

select
    m.region,
    coalesce(t.usd_per_kwh, m.usd_per_kwh) as usd_per_kwh,
    m.gco2e_per_kwh,
    m.pue,
    m.year,
    case when t.region is null then m.tariff_year end as tariff_year,
    coalesce(m.basis, 'unknown') as basis,
    m.method,
    -- an example is a grid of somewhere else
    case when m.tariff_is_example and t.region is null then 'extrapolated' else 'derived' end as tariff_evidence,
    case when m.carbon_is_example then 'extrapolated' else 'derived' end as carbon_evidence
from mean as m
left join tariff_mean as t on m.region = t.region

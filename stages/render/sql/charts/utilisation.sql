-- One point of a line: a million tokens of the first workload at one utilisation, on the own machine or at the cheapest rent.
select series, x, value, low, high, evidence
from (
    select distinct
        workload,
        'own machine' as series,
        utilisation as x,
        own_usd as value,
        own_low as low,
        own_high as high,
        own_usd_evidence as evidence
    from utilisation_table
    union all
    select
        workload,
        'cheapest rent by the hour' || case rent_match when 'measured' then '' else ', other hardware' end as series,
        utilisation as x,
        rent_usd as value,
        rent_low as low,
        rent_high as high,
        rent_usd_evidence as evidence
    from utilisation_table
) as both
where workload = (select min(workload) from utilisation_table) and value is not null
order by series, x

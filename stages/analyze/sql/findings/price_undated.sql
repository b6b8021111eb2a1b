-- Prices whose source does not say of when they are. The own machine's are configured.
select
    'price_undated' as code,
    provider || ' ' || region as place,
    'warning' as severity,
    cast(count(*) as varchar) || ' prices have no date, ' || min(instance) || ' first: their source does not say of when they are, and '
    || 'the day on which they were read, ' || max(retrieved_on) || ', does not either' as what
from price
where as_of is null and tier <> 'on_prem'
group by provider, region

-- Hardware that ran and that no seller's price is of.
select
    'hardware_unpriced' as code,
    coalesce(name, device) as place,
    'info' as severity,
    'no price of renting is of ' || min(hardware) || case when name is null then '' else ', read as "' || name || '"' end
    || ': measure on the instance, name it with ran_on, or say with a speed_factor how fast other hardware is' as what
from price_match
group by coalesce(name, device), name
having not bool_or(outcome = 'share' or (outcome = 'measured' and reason <> 'the own machine'))

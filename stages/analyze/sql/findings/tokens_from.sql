-- Which tokens of imported runs were counted as new ones; where none were counted, a warning.
select
    'tokens_from' as code,
    imported_from || ': ' || tokens_from as place,
    case when tokens_from ~ '^(assumed|approximate)' then 'warning' else 'info' end as severity,
    'new tokens of ' || cast(count(*) as varchar) || ' runs were taken so' as what
from run
where tokens_from is not null and tokens_generated > 0
group by imported_from, tokens_from

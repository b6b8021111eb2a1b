-- One severity that a reader must know of: its findings.
select severity, count(*) as n
from finding
where severity <> 'info'
group by severity
order by severity

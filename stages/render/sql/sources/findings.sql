-- One row: the finding.
select *
from finding
where {=code, place}

-- What few runs cannot see: a stall that comes once in twenty runs. Means and intervals are then those of a run without one. 59 runs see
-- one with 95 %: 0.95^59 < 0.05.
select
    'stalls_unseen' as code,
    'cells of ' || cast(usable as varchar) || ' runs' as place,
    'info' as severity,
    'a stall that hits one run in twenty is in none of the runs of ' || cast(round(100 * power(0.95, usable)) as varchar)
    || ' % of such cells: their means are of runs without one, and 59 runs of a cell would see it' as what
from verdict
where usable between 1 and 58
group by usable

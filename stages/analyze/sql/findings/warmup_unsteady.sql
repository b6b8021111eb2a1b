-- Runs that were timed while the warm-up iterations before them still varied.
select
    'warmup_unsteady' as code,
    r.backend as place,
    'warning' as severity,
    'before ' || cast(count(*) as varchar) || ' runs the last warm-up iterations have a coefficient of variation of more than '
    || cast(max(c.max_cv_pct) as varchar) || ' %, at most ' || cast(round(max(r.warmup_cv_pct), 1) as varchar)
    || ' %: they may have been too few' as what
from run as r
cross join config as c
where r.warmup_cv_pct > c.max_cv_pct
group by r.backend

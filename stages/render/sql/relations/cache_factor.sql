-- One metric x backend x scenario: without a cache over with one. Interval by the delta method on logs of two independent means, their
-- relative standard errors in quadrature, with the smaller number of degrees of freedom.
with pair as (
    select
        c.metric,
        c.name,
        c.backend,
        c.device,
        c.model,
        c.dtype,
        c.scenario,
        u.estimate / c.estimate as factor,
        sqrt(
            u.std_error * u.std_error / (u.estimate * u.estimate) + c.std_error * c.std_error / (c.estimate * c.estimate)
        ) as spread,
        cast(least(u.n, c.n) - 1 as double) as df,
        u.n + c.n as n,
        c.ci_level,
        weakest_of(c.evidence, u.evidence) as evidence
    from cell_estimate as c
    inner join cell_estimate as u
        on c.metric = u.metric and c.backend = u.backend and c.device = u.device and c.model = u.model and c.dtype = u.dtype
        and c.scenario = u.scenario
    where c.mode = 'generate' and c.kv_cache and u.mode = 'generate' and not u.kv_cache
    and c.metric in ('latency_ms', 'gross_kwh_per_mtok') and c.estimate > 0 and u.estimate > 0
)

select
    *,
    factor * exp(-student_t_quantile((1 + ci_level) / 2, df) * spread) as low,
    factor * exp(student_t_quantile((1 + ci_level) / 2, df) * spread) as high
from pair

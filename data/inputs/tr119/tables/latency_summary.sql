-- Unweighted means over scenarios. A row of `run` is the published mean of a cell's seven repetitions, so rows are counted where the
-- study counts repetitions.
with cell as (
    select backend, mode, scenario, tokens_per_s, kwh_per_mtok * 1000 / hours_per_mtok as power_w
    from cost
    where
        provider = 'aws_g5_xlarge' and tier = 'on_demand'
        and basis = case when mode = 'prefill' then 'input' else 'output' end
)

select
    r.backend,
    r.mode,
    avg(r.latency_ms) as lat_mean_ms,
    avg(c.tokens_per_s) as throughput_mean_tok_s,
    avg(c.power_w) as power_mean_w,
    avg(case when r.status = 'degraded' then 1.0 else 0.0 end) as degraded_rate,
    concat(count(case when r.status = 'degraded' then 1 end), '/', count(*)) as degraded_runs
from run as r
inner join cell as c on r.backend = c.backend and r.mode = c.mode and r.scenario = c.scenario
group by r.backend, r.mode
order by r.backend, r.mode

-- One backend in the mode that costs are about: cached decoding where it was run, else decoding without a cache, else prefill. At the
-- price that `ranking` compares it at, else at the cheapest of the hardware that ran, else of other hardware.
with last as (
    select max(place) as place from backend_estimate
),

speed as (
    select e.*
    from backend_estimate as e
    inner join last as l on e.place = l.place
    where e.metric = case when e.mode = 'prefill' then 'input_tokens_per_s' else 'output_tokens_per_s' end
),

-- `ranking` names device and number format where the backend's name stands for several.
compared as (
    select distinct backend, model, mode, kv_cache, price
    from ranking
    where metric = 'total_usd_per_mtok' and price is not null
),

priced as (
    select
        c.*,
        row_number() over (
            partition by c.backend, c.device, c.model, c.dtype
            order by
                case when r.price is null then 2 else 1 end,
                case c.match when 'measured' then 1 else 2 end,
                c.usd asc nulls last, c.provider, c.region, c.instance, c.tier
        ) as choice
    from backend_cost as c
    inner join last as l on c.place = l.place
    left join compared as r
        on c.model = r.model and c.mode = r.mode and c.kv_cache = r.kv_cache
        and (c.backend = r.backend or concat(c.backend, ' (', c.device, ', ', c.dtype, ')') = r.backend)
        and concat_ws(' ', c.provider, c.region, c.instance, c.tier) = r.price
)

select
    s.name,
    s.backend,
    s.device,
    s.model,
    s.dtype,
    s.mode,
    s.kv_cache,
    s.mode_name,
    s.place,
    s.estimate as tokens_per_s,
    s.ci_low as tokens_low,
    s.ci_high as tokens_high,
    s.n,
    s.ci_level,
    s.evidence as tokens_per_s_evidence,
    case when p.tier = 'on_prem' then 'own machine' else p.price end as price,
    case p.match when 'measured' then 'what ran' when 'extrapolated' then 'other' end as hardware,
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.match,
    p.includes_power,
    p.infra_usd,
    p.energy_usd,
    p.usd,
    p.usd_low,
    p.usd_high,
    p.kwh,
    p.kwh_low,
    p.kwh_high,
    p.gco2e,
    p.gco2e_low,
    p.gco2e_high,
    coalesce(p.usd_evidence, 'unknown') as usd_evidence,
    coalesce(p.energy_evidence, 'unknown') as kwh_evidence,
    coalesce(p.energy_evidence, 'unknown') as energy_usd_evidence,
    coalesce(p.gco2e_evidence, 'unknown') as gco2e_evidence
from speed as s
left join priced as p
    on s.backend = p.backend and s.device = p.device and s.model = p.model and s.dtype = p.dtype and p.choice = 1
order by case coalesce(p.match, 'none') when 'measured' then 1 else 2 end, p.usd asc nulls last, s.name

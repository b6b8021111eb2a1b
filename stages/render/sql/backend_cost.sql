-- One backend x mode x price: the mean over scenarios of the cost of a million tokens, prompt tokens for prefill and new tokens
-- for generate. Half-widths of the cells' intervals add in quadrature.
with half as (
    select *, (ci_high_usd_per_mtok - ci_low_usd_per_mtok) / 2 as half_usd
    from cost
    where basis = case when mode = 'prefill' then 'input' else 'output' end
)

select
    m.label as mode,
    m.place,
    c.backend,
    c.basis,
    c.provider,
    c.region,
    c.instance,
    c.tier,
    c.match,
    c.includes_power,
    max(c.energy_evidence) as energy_evidence,
    case when count(c.total_usd_per_mtok) = count(*) then avg(c.total_usd_per_mtok) end as usd,
    case when count(c.half_usd) = count(*) then sqrt(sum(c.half_usd * c.half_usd)) / count(*) end as half_usd,
    case when count(c.kwh_per_mtok) = count(*) then avg(c.kwh_per_mtok) end as kwh,
    case when count(c.gco2e_per_mtok) = count(*) then avg(c.gco2e_per_mtok) end as gco2e,
    sum(c.runs) as runs
from half as c
inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache
group by m.label, m.place, c.backend, c.basis, c.provider, c.region, c.instance, c.tier, c.match, c.includes_power

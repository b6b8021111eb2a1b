-- One price of an instance, or of an accelerator, that could not be rented any more when the runs were made or the prices were read,
-- whichever is later: nothing here asks the clock.
with day as (
    select greatest(coalesce(s.made_on, ''), coalesce(p.read_on, '')) as known_on
    from (select substr(cast(to_timestamp_nanos(max(started_ns)) as varchar), 1, 10) as made_on from session) as s
    cross join (select max(retrieved_on) as read_on from price) as p
),

gone as (
    select r.*
    from day as d
    cross join retirement as r
    where r.retired_on <= d.known_on
),

named as (
    select p.provider, p.region, p.instance, p.tier, g.retired_on, g.source
    from gone as g
    inner join price as p on g.provider = p.provider and g.name = p.instance
    where g.kind = 'instance'
    union all
    select p.provider, p.region, p.instance, p.tier, g.retired_on, g.source
    from gone as g
    inner join price as p
        on g.provider = p.provider
        and (lower(p.accelerator) = lower(g.name) or lower(p.accelerator) like concat('% ', lower(g.name)))
    where g.kind = 'accelerator'
)

select
    provider,
    region,
    instance,
    tier,
    min(retired_on) as retired_on,
    first_value(source order by retired_on asc, source asc) as source
from named
group by provider, region, instance, tier

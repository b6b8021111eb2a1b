-- One session x device x threads: the hardware that ran as prices name it, and how much of it. An engine's threads use two vCPUs each, as
-- one thread a core does where a core is two vCPUs, and no more than the session could use. What two sessions ran on stands once more
-- as the hardware of a cell that both of them have runs of.
with ran as (
    select distinct r.session_id, r.device, r.threads
    from run as r
    left semi join (select session_id, run_id from run_fact where usable) as f on r.session_id = f.session_id and r.run_id = f.run_id
),

seen as (
    select
        r.session_id,
        r.device,
        r.threads,
        s.cpu,
        s.logical_cores,
        case when s.instance is null then coalesce(nullif(split_part(c.ran_on, ' ', 1), ''), s.provider) else s.provider end as provider,
        coalesce(s.instance, nullif(split_part(c.ran_on, ' ', 2), '')) as instance,
        case when r.device = 'cpu' then s.cpu else r.device end as printed
    from config as c
    cross join session as s
    inner join ran as r on s.session_id = r.session_id
)

select
    session_id,
    device,
    threads,
    case
        when device <> 'cpu' then concat_ws(', ', device, nullif(concat_ws(' ', provider, instance), ''))
        else concat_ws(
            ', ', device, coalesce(cpu, 'unknown processor'), nullif(concat_ws(' ', provider, instance), ''),
            cast(logical_cores as varchar) || ' vCPUs', cast(threads as varchar) || ' threads'
        )
    end as hardware,
    provider,
    instance,
    case when device = 'cpu' then logical_cores end as logical_cores,
    hardware_name(printed) as name,
    coalesce(hardware_is_exact(printed), false) as is_exact,
    coalesce(hardware_is_slice(printed), false) as is_slice,
    case
        when device <> 'cpu' then hardware_count(printed)
        else least(coalesce(logical_cores, 2 * threads), coalesce(2 * threads, logical_cores))
    end as units
from seen
union all
select distinct
    cast(null as varchar) as session_id,
    device,
    cast(null as bigint) as threads,
    concat(device, ' of several machines') as hardware,
    cast(null as varchar) as provider,
    cast(null as varchar) as instance,
    cast(null as bigint) as logical_cores,
    cast(null as varchar) as name,
    false as is_exact,
    false as is_slice,
    cast(null as bigint) as units
from seen

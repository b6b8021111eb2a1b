-- One kind of hardware that ran x model x price by the hour: whether the price is of that hardware, of all of it or of a share, and why
-- not. Names must be the same and say one product each, unless the machine itself said which instance it is, or who ran it states the
-- price (provider `own`). A part of a machine is priced by what the seller asks for a share, else not at all.
with hardware as (
    select distinct hardware, device, provider, instance, logical_cores, name, is_exact, is_slice, units
    from ran_on
),

needed as (
    select distinct r.device, r.model, r.dtype, s.weights_from, s.weights_bytes * (1 + c.memory_reserve_pct / 100) as model_bytes
    from config as c
    cross join (
        select t.device, t.model, t.dtype
        from cell as t
        left semi join (select cell_id from run_fact where usable) as f on t.cell_id = f.cell_id
    ) as r
    inner join model_size as s on r.model = s.model and r.dtype = s.dtype
),

pair as (
    select
        h.hardware,
        h.device,
        h.name,
        h.is_exact,
        h.is_slice,
        h.units,
        h.logical_cores,
        case when h.instance is not null then concat_ws(' ', h.provider, h.instance) end as ran_instance,
        n.model,
        n.dtype,
        n.model_bytes,
        n.weights_from,
        o.provider,
        o.region,
        o.instance,
        o.tier,
        o.accelerator,
        o.sold_name,
        o.sold_is_exact,
        o.share_usd_per_hour,
        coalesce(lower(o.provider) = lower(h.provider) and lower(o.instance) = lower(h.instance), false) as is_instance,
        o.tier = 'on_prem' or o.provider = 'own' as is_own,
        case when h.device = 'cpu' then o.vcpus else o.sold_count end as sold_units,
        case when o.accelerator is null then o.memory_mb / 1024 else o.sold_count * o.sold_memory_gb end as sold_gib
    from config as c
    cross join hardware as h
    inner join needed as n on h.device = n.device
    inner join offer as o
        on not c.match_device or o.tier = 'on_prem' or (h.device = 'cpu') = (o.accelerator is null)
        or (lower(o.provider) = lower(h.provider) and lower(o.instance) = lower(h.instance))
),

kind as (
    select
        *,
        case
            when tier = 'on_prem' or is_instance then true
            when is_own then coalesce(name = sold_name, false)
            else coalesce(is_exact and sold_is_exact and name = sold_name, false)
        end as is_same,
        case
            -- a stated price of accelerators is of as many as it names
            when tier = 'on_prem' then true
            when is_own then accelerator is null or device = 'cpu' or units is null or sold_units is null or units = sold_units
            -- a known instance without a number of vCPUs in the prices has those that the session saw
            when device = 'cpu' and units is null then is_instance and accelerator is null
            when device = 'cpu' then
                coalesce(logical_cores = sold_units, is_instance) and units >= coalesce(sold_units, logical_cores)
            else units = sold_units and (not is_slice or name = sold_name)
        end as is_whole
    from pair
),

part as (
    select
        *,
        is_same and not coalesce(is_whole, false) and not is_slice and share_usd_per_hour is not null
        and (device = 'cpu') = (accelerator is null)
        and coalesce(units < sold_units, false) as is_share
    from kind
)

select
    *,
    is_same and coalesce(is_whole, false) or is_share as is_priced,
    case
        when tier = 'on_prem' then 'the own machine'
        when is_same and is_whole and is_instance then 'the instance that ran'
        when is_same and is_whole and is_own then 'a price that was stated for these runs'
        when is_same and is_whole and device = 'cpu' then 'the same processor and as many vCPUs'
        when is_same and is_whole then 'the same accelerators, as many as the machine has'
        when is_share then 'a share of the machine, at the price of one'
        when is_same and (units is null or sold_units is null) then 'how much of the machine ran is not known'
        when is_same and is_slice then 'a slice of an accelerator ran, and no price is of slices'
        when is_same and units < sold_units then 'a part of the machine ran, and the seller states no price of a share'
        when is_same then 'the machine has fewer or more than ran'
        when name is null then 'what ran is not known'
        when (device = 'cpu') <> (accelerator is null) then 'another kind of device'
        when name = sold_name then 'both names stand for several products'
        when not sold_is_exact and (accelerator is null or name like concat(sold_name, ' %'))
            then 'the price does not say which of several products'
        when not is_exact and (accelerator is null or sold_name like concat(name, ' %'))
            then 'the run does not say which of several products'
        when sold_name is null then 'the price does not say which processor'
        else 'other hardware'
    end as reason
from part

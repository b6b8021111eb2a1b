-- One kind of hardware that ran x model x outcome x reason: how many prices by the hour, and one of them.
with told as (
    select
        p.*,
        case
            when p.is_share then 'share'
            when p.is_priced then 'measured'
            when m.fits then 'extrapolated'
            else 'none'
        end as outcome,
        case
            when p.is_priced or m.fits is null then p.reason
            when m.fits then 'other hardware, at a configured speed factor'
            else 'the model does not fit into its memory'
        end as why
    from price_pair as p
    left join price_mapped as m
        on p.hardware = m.hardware and p.model = m.model and p.dtype = m.dtype and p.provider = m.provider and p.region = m.region
        and p.instance = m.instance and p.tier = m.tier
),

-- The hardware of no cell is not asked for.
asked as (
    select hardware, model, dtype from cell_unit
    union
    select hardware, model, dtype from request_unit
)

select
    t.hardware,
    max(t.device) as device,
    max(t.name) as name,
    max(t.ran_instance) as instance,
    max(t.units) as units,
    t.model,
    t.dtype,
    cast(round(max(t.model_bytes)) as bigint) as model_bytes,
    max(t.weights_from) as model_bytes_from,
    t.outcome,
    t.why as reason,
    count(*) as prices,
    min(concat_ws(' ', t.provider, t.region, t.instance, t.tier)) as example
from told as t
left semi join asked as a on t.hardware = a.hardware and t.model = a.model and t.dtype = a.dtype
group by t.hardware, t.model, t.dtype, t.outcome, t.why

-- One kind of hardware that ran x model x price of other hardware that a configured speed factor reaches: the most exact of them. A name
-- maps to machines of as many units as ran, an instance and `*` to any. Where the model does not fit, there is none.
with reached as (
    select
        p.hardware,
        p.model,
        p.dtype,
        p.provider,
        p.region,
        p.instance,
        p.tier,
        p.model_bytes,
        p.sold_gib,
        f.factor,
        f.low,
        f.high,
        f.energy_factor,
        row_number() over (
            partition by p.hardware, p.model, p.dtype, p.provider, p.region, p.instance, p.tier
            order by f.ran = '*' asc, f.to_instance = lower(p.instance) desc, f.priced = '*' asc
        ) as place
    from speed_factor as f
    inner join price_pair as p
        on not p.is_priced and (f.ran = '*' or f.ran = p.name)
        and (f.priced = '*' or f.to_instance = lower(p.instance) or (f.priced = p.sold_name and p.units = p.sold_units))
)

select
    hardware,
    model,
    dtype,
    provider,
    region,
    instance,
    tier,
    factor,
    low,
    high,
    energy_factor,
    coalesce(model_bytes <= sold_gib * 1073741824, true) as fits
from reached
where place = 1

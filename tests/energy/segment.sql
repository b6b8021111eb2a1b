-- One pair of successive readings of one sensor. A failed reading is none, so it widens the pair around it.
-- `rise_j`: what a counter counted between the two; past its known range it has wrapped, otherwise a fall is a reset and null.
with reading as (
    select
        session_id,
        device_id,
        scope,
        kind,
        t_ns,
        case when kind = 'counter' then energy_j else power_w end as value,
        energy_range_j
    from power_sample
),

pair as (
    select
        session_id,
        device_id,
        scope,
        kind,
        lag(t_ns) over (partition by session_id, device_id, kind order by t_ns) as t0_ns,
        t_ns as t1_ns,
        lag(value) over (partition by session_id, device_id, kind order by t_ns) as v0,
        value as v1,
        energy_range_j
    from reading
    where value is not null
)

select
    session_id,
    device_id,
    scope,
    kind,
    t0_ns,
    t1_ns,
    v0,
    v1,
    case
        when kind <> 'counter' then null
        when v1 >= v0 then v1 - v0
        when energy_range_j is not null then v1 + energy_range_j - v0
    end as rise_j
from pair
where t0_ns is not null

-- One backend as readers see it: with device and number format where its name stands for several, with the model where there are several.
with kind as (
    select distinct backend, device, model, dtype
    from estimate
),

counted as (
    select
        *,
        count(*) over (partition by backend, model) as twins,
        (select count(distinct model) from kind) as models
    from kind
)

select
    backend,
    device,
    model,
    dtype,
    backend
    || case when twins > 1 then ' (' || device || ', ' || dtype || ')' else '' end
    || case when models > 1 then ', ' || model else '' end as name
from counted

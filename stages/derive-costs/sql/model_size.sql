-- One model x number format: GiB of its weights. A run states them, or the model's name states the number of parameters (`70B`; of
-- `8x7B` the product, which its experts share some of) and the format its bits: at least 4 where no format is known, so that no price
-- is left out that might do.
with stated as (
    select
        model,
        dtype,
        max(weights_bytes) as weights_bytes,
        regexp_match(lower(model), '(?:^|[^a-z0-9.])((?:[0-9]+x)?)([0-9]+(?:[.][0-9]+)?)(b|m)(?:$|[^a-z0-9])') as named
    from run
    group by model, dtype
),

counted as (
    select
        model,
        dtype,
        weights_bytes,
        cast(coalesce(nullif(replace(named[1], 'x', ''), ''), '1') as double) * cast(named[2] as double)
        * case named[3] when 'b' then 1e9 when 'm' then 1e6 end as parameters,
        case
            when lower(dtype) in ('f32', 'fp32', 'float32') then 32
            when lower(dtype) in ('f16', 'fp16', 'float16', 'bf16', 'bfloat16', 'half') then 16
            when regexp_like(lower(dtype), '^(u?int8|i8|q8|w8|fp8|f8|float8|e4m3|e5m2)') then 8
            else 4
        end as bits
    from stated
)

select
    model,
    dtype,
    coalesce(cast(weights_bytes as double), parameters * bits / 8) as weights_bytes,
    case when weights_bytes is not null then 'run' when parameters is not null then 'name' end as weights_from
from counted

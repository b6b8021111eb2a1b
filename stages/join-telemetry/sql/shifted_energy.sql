-- One run or idle baseline x series of `shifted_span`: its energy, and what it would be if the clocks differed.
-- With v(t) the mean of the power over the last `a`, the integral of v over [start, end + a] is the energy of [start, end] and of
-- what lies within `a` before and after it, with weights that rise to 1 and fall from it; v(start) and v(end + a) are the means there.
with part as (
    select *, energy_j - averaging_ns / 2e9 * (start_power_w + end_power_w) as own_j
    from energy_join(
        (select session_id, device_id, kind, t_ns, power_w, energy_j, energy_range_j from power_sample),
        (select session_id, span_id, purpose, device_id, kind, part, averaging_ns, start_ns, end_ns from shifted_span)
    )
    where device_id is not null
)

select
    session_id,
    span_id,
    purpose,
    device_id,
    kind,
    max(case when part = 'whole' then own_j end) as whole_j,
    max(edge_error_j) as edge_error_j,
    max(case when part = 'whole' then energy_error_j - edge_error_j end) as sampling_error_j,
    max(case when part = 'whole' then start_power_w end) as before_w,
    max(case when part = 'whole' then end_power_w end) as after_w,
    max(case when part = 'early' then own_j end) as early_j,
    max(case when part = 'late' then own_j end) as late_j
from part
group by session_id, span_id, purpose, device_id, kind

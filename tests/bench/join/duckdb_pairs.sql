-- One row per run, from pairs of a run and a reading: an equi-join on device and slice of 10 s. A reading stands for the segment up
-- to the next one. The files are sorted by device and time: `lead() over ()` streams, while a window over devices would sort.
with reading as not materialized (
    select
        device_id,
        t_ns as t0,
        power_w as p0,
        temp_c,
        mem_mb,
        lead(device_id) over () as next_device,
        lead(t_ns) over () as next_t,
        lead(power_w) over () as next_p,
    from read_parquet(getvariable('samples'))
),
-- A device's last reading is a segment of no length.
segment as not materialized (
    select
        device_id,
        t0,
        p0,
        temp_c,
        mem_mb,
        if(next_device = device_id, next_t, t0) as t1,
        if(next_device = device_id, next_p, p0) as p1,
        t0 // 10_000_000_000 as slice,
    from reading
),
-- Segments appear in every slice that they touch.
sliced as (
    select *, slice as first_slice from segment
    union all
    select * replace (unnest(range(slice + 1, t1 // 10_000_000_000 + 1)) as slice), slice as first_slice
    from segment
    where t1 // 10_000_000_000 > slice
),
run_slice as (
    select
        *,
        start_ns // 10_000_000_000 as start_slice,
        unnest(range(start_ns // 10_000_000_000, end_ns // 10_000_000_000 + 1)) as slice,
    from read_parquet(getvariable('runs'))
),
-- A pair meets once: in the first slice that both touch. x0 and x1 are offsets from t0: instants since 1970 do not fit into a double.
pair as (
    select
        run_id,
        t0 >= start_ns as inside,
        t1 - t0 as gap,
        greatest(start_ns - t0, 0) as x0,
        least(end_ns, t1) - t0 as x1,
        p0,
        p1,
        temp_c,
        mem_mb,
    from sliced join run_slice using (device_id, slice)
    where t0 <= end_ns and t1 >= start_ns and slice = greatest(first_slice, start_slice)
),
of_run as (
    select
        run_id,
        sum(x1 - x0) as covered_ns,
        sum(if(x1 > x0, (x1 - x0)::double * (p0 + (p1 - p0) * (0.5::double * (x0 + x1)::double / gap::double)), 0)) / 1e9 as energy_j,
        count(*) filter (inside) as n_samples,
        max(gap) filter (x1 > x0) as max_gap_ns,
        avg(temp_c::double) filter (inside) as mean_temp_c,
        max(mem_mb) filter (inside) as max_mem_mb,
    from pair
    group by run_id
),
judged as (
    select r.run_id, r.end_ns - r.start_ns as length_ns, of_run.* exclude (run_id),
        coalesce(covered_ns = r.end_ns - r.start_ns, false) as bracketed
    from read_parquet(getvariable('runs')) r left join of_run using (run_id)
)
select
    run_id,
    if(bracketed, energy_j, null) as energy_j,
    if(bracketed, energy_j / (length_ns::double / 1e9), null) as mean_power_w,
    coalesce(n_samples, 0) as n_samples,
    if(bracketed, max_gap_ns, null) as max_gap_ns,
    if(bracketed, mean_temp_c, null) as mean_temp_c,
    if(bracketed, max_mem_mb, null) as max_mem_mb,
    bracketed,
from judged

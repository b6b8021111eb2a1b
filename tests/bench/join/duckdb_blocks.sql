-- One row per run. Readings are summed up to blocks of 4 s and these to blocks of 128 s first: a run takes whole blocks where it can,
-- and single readings only from the blocks of its ends. Again the files are sorted, and a reading is the segment up to the next.
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
segment as not materialized (
    select
        device_id,
        t0,
        p0,
        temp_c,
        mem_mb,
        if(next_device = device_id, next_t, t0) as t1,
        if(next_device = device_id, next_p, p0) as p1,
        t0 // 4_000_000_000 as fine,
    from reading
),
-- A block has the segments that begin in it.
fine_block as materialized (
    select
        device_id,
        fine,
        count(*) as n,
        sum(temp_c::double) as temp,
        max(mem_mb) as mem,
        sum((t1 - t0)::double * (p0 + p1)) as doubled,
        max(t1 - t0) as gap,
        sum(t1 - t0)::bigint as covered,
    from segment
    group by device_id, fine
),
coarse_block as (
    select
        device_id,
        fine // 32 as coarse,
        sum(n)::bigint as n,
        sum(temp) as temp,
        max(mem) as mem,
        sum(doubled) as doubled,
        max(gap) as gap,
        sum(covered)::bigint as covered,
    from fine_block
    group by device_id, coarse
),
-- Segments that leave their block, in the other blocks that they touch.
leaving as (
    select device_id, t0, t1, p0, p1, fine as own, unnest(range(fine + 1, t1 // 4_000_000_000 + 1)) as fine
    from segment
    where t1 // 4_000_000_000 > fine
),
run as materialized (
    select
        *,
        start_ns // 4_000_000_000 as first_fine,
        end_ns // 4_000_000_000 as last_fine,
        first_fine // 32 as first_coarse,
        last_fine // 32 as last_coarse,
    from read_parquet(getvariable('runs'))
),
run_coarse as (
    select run_id, device_id, unnest(range(first_coarse + 1, last_coarse)) as coarse from run
),
run_fine as (
    select run_id, device_id, unnest(range(first_fine + 1, least(last_fine, (first_coarse + 1) * 32))) as fine from run
    union all
    select run_id, device_id, unnest(range(greatest(first_fine + 1, last_coarse * 32), last_fine)) as fine
    from run
    where last_coarse > first_coarse
),
run_edge as (
    select run_id, device_id, start_ns, end_ns, first_fine, first_fine as fine from run
    union all
    select run_id, device_id, start_ns, end_ns, first_fine, last_fine as fine from run where last_fine > first_fine
),
-- Of the segments that begin in a block of an end, and of one that lies over the start, what is between x0 and x1, counted from t0:
-- instants since 1970 do not fit into a double. Of one that was taken whole and lies over the end, what is too much, negative.
cut as (
    select
        run_id, t0, t1, p0, p1, temp_c, mem_mb,
        t0 between start_ns and end_ns as inside,
        greatest(start_ns - t0, 0) as x0,
        least(end_ns, t1) - t0 as x1,
    from segment join run_edge using (device_id, fine)
    where t0 <= end_ns and t1 >= start_ns
    union all
    select
        run_id, t0, t1, p0, p1, null, null,
        false,
        if(fine = first_fine, start_ns, t1) - t0,
        if(fine = first_fine, least(end_ns, t1), end_ns) - t0,
    from leaving join run_edge using (device_id, fine)
    where if(fine = first_fine, t1 > start_ns, t1 > end_ns and own > first_fine)
),
part as (
    select run_id, n, temp, mem, doubled, gap, covered from run_coarse join coarse_block using (device_id, coarse)
    union all
    select run_id, n, temp, mem, doubled, gap, covered from run_fine join fine_block using (device_id, fine)
    union all
    select
        run_id,
        inside::bigint,
        if(inside, temp_c::double, null),
        if(inside, mem_mb, null),
        if(x1 = x0, 0, (x1 - x0)::double * (2 * p0 + (p1 - p0) * ((x0 + x1)::double / (t1 - t0)::double))),
        if(x1 > x0, t1 - t0, null),
        x1 - x0,
    from cut
),
of_run as (
    select
        run_id,
        sum(n)::bigint as n,
        sum(temp) as temp,
        max(mem) as mem,
        sum(doubled) / 2e9 as energy_j,
        max(gap) as gap,
        sum(covered)::bigint as covered,
    from part
    group by run_id
),
judged as (
    select
        run.run_id,
        end_ns - start_ns as length_ns,
        of_run.* exclude (run_id),
        coalesce(covered = end_ns - start_ns, false) as bracketed,
    from run left join of_run using (run_id)
)
select
    run_id,
    if(bracketed, energy_j, null) as energy_j,
    if(bracketed, energy_j / (length_ns::double / 1e9), null) as mean_power_w,
    coalesce(n, 0) as n_samples,
    if(bracketed, gap, null) as max_gap_ns,
    if(bracketed and n > 0, temp / n, null) as mean_temp_c,
    if(bracketed, mem, null) as max_mem_mb,
    bracketed,
from judged

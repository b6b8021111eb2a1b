-- One backend x cache x workload: time and energy of a request, its prompt at the rate of prefill and its new tokens at the rate of
-- generate. The two were measured apart, so their variances add. Of lengths that were not measured, time and energy are extrapolated.
with asked as (
    select
        l.*,
        w.*,
        case
            when w.prompt_tokens <> 0 and not coalesce(w.prompt_tokens between l.least_prompt_tokens and l.most_prompt_tokens, false)
                then 'extrapolated'
            when w.generated_tokens <> 0 and not coalesce(w.generated_tokens between l.least_new_tokens and l.most_new_tokens, false)
                then 'extrapolated'
            else 'measured'
        end as lengths
    from measured_length as l
    cross join workload as w
),

pair as (
    select
        g.backend,
        g.device,
        g.model,
        g.dtype,
        g.kv_cache,
        case when g.hardware = p.hardware then g.hardware else concat(g.device, ' of several machines') end as hardware,
        w.name as workload,
        w.prompt_tokens,
        w.generated_tokens,
        w.volume_mtok,
        w.months,
        w.upfront_usd,
        w.prompt_tokens / 1e6 as prompt_mtok,
        w.generated_tokens / 1e6 as generated_mtok,
        p.hours_per_mtok as p_hours,
        p.kwh_per_mtok as p_kwh,
        p.var_hours as p_var_hours,
        p.var_kwh as p_var_kwh,
        p.covar as p_covar,
        p.df as p_df,
        p.u_kwh as p_u_kwh,
        g.hours_per_mtok as g_hours,
        g.kwh_per_mtok as g_kwh,
        g.var_hours as g_var_hours,
        g.var_kwh as g_var_kwh,
        g.covar as g_covar,
        g.df as g_df,
        g.u_kwh as g_u_kwh,
        weakest_of(p.energy_evidence, g.energy_evidence, w.lengths) as energy_evidence,
        weakest_of(p.time_evidence, g.time_evidence, w.lengths) as time_evidence
    from mode_unit as g
    inner join mode_unit as p
        on g.backend = p.backend and g.device = p.device and g.model = p.model and g.dtype = p.dtype
    inner join asked as w
        on g.backend = w.backend and g.device = w.device and g.model = w.model and g.dtype = w.dtype
    where g.mode = 'generate' and g.basis = 'output' and p.mode = 'prefill' and p.basis = 'input'
)

select
    backend,
    device,
    model,
    dtype,
    kv_cache,
    hardware,
    workload,
    prompt_tokens,
    generated_tokens,
    volume_mtok,
    months,
    upfront_usd,
    prompt_mtok + generated_mtok as request_mtok,
    prompt_mtok * p_hours * 3600 as prefill_s,
    generated_mtok * g_hours * 3600 as generate_s,
    prompt_mtok * p_hours + generated_mtok * g_hours as hours,
    prompt_mtok * p_kwh + generated_mtok * g_kwh as energy_kwh,
    prompt_mtok * prompt_mtok * p_var_hours + generated_mtok * generated_mtok * g_var_hours as var_hours,
    prompt_mtok * prompt_mtok * p_var_kwh + generated_mtok * generated_mtok * g_var_kwh as var_kwh,
    prompt_mtok * prompt_mtok * p_covar + generated_mtok * generated_mtok * g_covar as covar,
    case
        when prompt_mtok = 0 then g_df
        when generated_mtok = 0 then p_df
        else least(p_df, g_df)
    end as df,
    prompt_mtok * p_u_kwh + generated_mtok * g_u_kwh as u_kwh,
    energy_evidence,
    time_evidence
from pair

-- A run that may not be used has no window and no tokens, and a reason; one without a window has a reason too, and no other run has.
select session_id, run_id, usable, window_s, reason
from run_fact
where
    (reason is null) <> (usable and window_s is not null)
    or not usable and coalesce(window_s, input_tokens, output_tokens, latency_ms) is not null

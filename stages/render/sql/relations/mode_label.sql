-- One mode as readers see it.
select mode, kv_cache, label, place
from (values
    ('prefill', false, 'prefill', 1),
    ('generate', false, 'generate, no cache', 2),
    ('generate', true, 'generate, KV cache', 3)
) as modes (mode, kv_cache, label, place)

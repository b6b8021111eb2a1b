-- One row: runs that their engine reported so.
select count(*) as runs, max(threads) as threads
from run
where {=backend, device, dtype}
    and (provider is not distinct from {provider})
    and (library is not distinct from {library})
    and (threads is not distinct from {threads})
    and {=model, weights, status}

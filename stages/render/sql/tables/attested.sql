-- One backend x model x status: its runs, as the engine reported itself.
select backend, device, dtype, provider, library, threads, model, weights, status, count(*) as runs
from run
group by backend, device, dtype, provider, library, threads, model, weights, status
order by backend, device, model, dtype, status
limit 100

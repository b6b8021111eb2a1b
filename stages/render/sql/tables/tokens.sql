-- One cell x metric of its tokens.
select *
from cell_estimate
where metric in ('ttft_ms', 'tpot_ms', 'decode_j_per_token')
order by place, metric desc, scenario, name

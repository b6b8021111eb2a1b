-- A finished cell meets at least one price, or `price_match` says of each price why it does not.
select u.backend, u.device, u.mode, u.scenario
from cell_unit as u
left anti join cost as c on u.cell_id = c.cell_id and u.basis = c.basis
left anti join price_match as m on u.hardware = m.hardware and u.model = m.model and u.dtype = m.dtype

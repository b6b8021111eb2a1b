-- A finished cell meets at least one price.
select u.backend, u.device, u.mode, u.scenario
from cell_unit as u
left anti join cost as c
    on u.backend = c.backend and u.device = c.device and u.mode = c.mode and u.scenario = c.scenario and u.basis = c.basis

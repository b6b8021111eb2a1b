-- A total is infrastructure plus energy, and where the price includes power the energy costs nothing more.
select backend, mode, scenario, provider, instance, tier, total_usd_per_mtok
from cost
where abs(total_usd_per_mtok - infra_usd_per_mtok - energy_usd_per_mtok) > 1e-9 * total_usd_per_mtok
    or (includes_power and energy_usd_per_mtok <> 0)

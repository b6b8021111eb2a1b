"""Speed factors: how fast other hardware is than what ran, and which prices they reach. docs/costs.md, "Other hardware"."""

import math
from typing import NamedTuple

from hardware import recognise
from tables import NAN


class Speed(NamedTuple):
    """Speed over that of what ran, in a range, and energy of a token over that of what ran."""

    ran: str
    to: str
    to_name: str
    factor: float
    low: float
    high: float
    energy: float


OF_WHAT_RAN = Speed("", "", "", 1.0, 1.0, 1.0, 1.0)


def factors(config):
    """Those of the configuration."""
    found = []
    for one in config.get("speed_factor", []):
        low, high = one["factor"] if isinstance(one["factor"], list) else [one["factor"]] * 2
        name = lambda text: text if text == "*" else recognise(text).name
        found.append(Speed(
            name(one["from"]), one["to"].lower(), name(one["to"]), math.sqrt(low * high), low, high, one.get("energy_factor", NAN)
        ))
    return found


def reaches(speed, pair):
    if speed.ran not in ("*", pair.ran["name"]):
        return False
    is_named = speed.to_name == pair.offer["sold_name"] and pair.units == pair.sold
    return speed.to in ("*", pair.offer["instance"].lower()) or is_named


def reaching(speeds, pair):
    """The most exact factor that leads to a price; None without one."""
    exactness = lambda speed: (speed.ran == "*", speed.to != pair.offer["instance"].lower(), speed.to == "*")
    return min((speed for speed in speeds if reaches(speed, pair)), key=exactness, default=None)

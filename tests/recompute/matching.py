"""Which prices are of what ran: hardware, models' sizes, outcomes, `price_match`. docs/costs.md, "Which prices are of what ran"."""

import math

from prices import PRICE, known
from speeds import OF_WHAT_RAN, factors, reaching
from tables import is_absent

GIB = 1024**3


def lower(text):
    return None if text is None else text.lower()


class Pair:
    """One hardware that ran and one price: whether the price is of it, of all or of a share, or why not."""

    def __init__(self, ran, offer):
        self.ran, self.offer, self.is_cpu = ran, offer, ran["device"] == "cpu"
        self.is_instance = is_instance(ran, offer)
        self.is_on_prem = offer["tier"] == "on_prem"
        self.is_own = self.is_on_prem or offer["provider"] == "own"
        self.units = ran["units"]
        self.sold = offer["vcpus"] if self.is_cpu else offer["sold_count"]
        self.is_same = self.of_the_same()
        self.is_whole = self.of_all()
        of_kind = self.is_cpu == (offer["accelerator"] is None)
        has_share = not is_absent(offer["share_usd_per_hour"]) and not ran["is_slice"] and of_kind
        self.is_share = self.is_same and not self.is_whole and has_share and self.units < self.sold
        self.is_priced = self.is_same and self.is_whole or self.is_share

    def of_the_same(self):
        named = self.ran["name"] is not None and self.ran["name"] == self.offer["sold_name"]
        if self.is_on_prem or self.is_instance or self.is_own:
            return self.is_on_prem or self.is_instance or named
        return named and self.ran["is_exact"] and bool(self.offer["sold_is_exact"])

    def of_all(self):
        if self.is_on_prem:
            return True
        if self.is_own:
            is_any = self.is_cpu or self.offer["accelerator"] is None or is_absent(self.units) or is_absent(self.sold)
            return is_any or self.units == self.sold
        if not self.is_cpu:
            return self.units == self.sold and (not self.ran["is_slice"] or self.ran["name"] == self.offer["sold_name"])
        if is_absent(self.units):
            return self.is_instance and self.offer["accelerator"] is None
        unknown = is_absent(self.ran["cores"]) or is_absent(self.sold)
        return (self.is_instance if unknown else self.ran["cores"] == self.sold) and self.units >= known(self.sold, self.ran["cores"])

    def reason(self):
        if self.is_on_prem:
            return "the own machine"
        if self.is_same and self.is_whole:
            return self.reason_whole()
        if self.is_share:
            return "a share of the machine, at the price of one"
        return self.reason_part() if self.is_same else self.reason_other()

    def reason_whole(self):
        if self.is_instance:
            return "the instance that ran"
        if self.is_own:
            return "a price that was stated for these runs"
        return "the same processor and as many vCPUs" if self.is_cpu else "the same accelerators, as many as the machine has"

    def reason_part(self):
        if is_absent(self.units) or is_absent(self.sold):
            return "how much of the machine ran is not known"
        if self.ran["is_slice"]:
            return "a slice of an accelerator ran, and no price is of slices"
        part = "a part of the machine ran, and the seller states no price of a share"
        return part if self.units < self.sold else "the machine has fewer or more than ran"

    def reason_other(self):
        ran, sold, is_exact = self.ran["name"], self.offer["sold_name"], self.offer["sold_is_exact"]
        of_cpu = self.offer["accelerator"] is None
        if ran is None:
            return "what ran is not known"
        if self.is_cpu != of_cpu:
            return "another kind of device"
        if ran == sold:
            return "both names stand for several products"
        if is_exact is False and (of_cpu or ran.startswith(f"{sold} ")):
            return "the price does not say which of several products"
        if not self.ran["is_exact"] and (of_cpu or (sold or "").startswith(f"{ran} ")):
            return "the run does not say which of several products"
        return "the price does not say which processor" if sold is None else "other hardware"


def is_instance(ran, offer):
    known_instance = ran["provider"] is not None and ran["instance"] is not None
    return known_instance and all(lower(ran[c]) == lower(offer[c]) for c in ("provider", "instance"))


def may_meet(ran, offer, config):
    same_kind = (ran["device"] == "cpu") == (offer["accelerator"] is None)
    return not config["match_device"] or offer["tier"] == "on_prem" or same_kind or is_instance(ran, offer)


def outcomes(found, offers, needs, config):
    """Of each hardware and each model that ran on its kind of device: what became of each price."""
    speeds, judged = factors(config), {}
    for ran in found.values():
        pairs = [Pair(ran, offer) for offer in offers if may_meet(ran, offer, config)]
        for (device, model, dtype), (need, _) in needs.items():
            if device == ran["device"]:
                judged[ran["hardware"], model, dtype] = [judge(pair, need, speeds) for pair in pairs]
    return judged


def judge(pair, need, speeds):
    """Pair, outcome, reason, speed factor."""
    if pair.is_priced:
        return pair, "share" if pair.is_share else "measured", pair.reason(), OF_WHAT_RAN
    speed = reaching(speeds, pair)
    if speed is None:
        return pair, "none", pair.reason(), None
    if need > pair.offer["sold_gib"] * GIB:
        return pair, "none", "the model does not fit into its memory", None
    return pair, "extrapolated", "other hardware, at a configured speed factor", speed


def price_match(judged, needs, asked):
    rows = []
    for key, of_key in judged.items():
        if key not in asked:
            continue
        hardware, model, dtype = key
        by_reason = {}
        for pair, outcome, reason, _ in of_key:
            by_reason.setdefault((outcome, reason), []).append(pair)
        for (outcome, reason), pairs in by_reason.items():
            ran = pairs[0].ran
            need, of = needs[ran["device"], model, dtype]
            instance = " ".join(filter(None, (ran["provider"], ran["instance"])))
            rows.append({
                "hardware": hardware, "device": ran["device"], "name": ran["name"], "instance": instance if ran["instance"] else None,
                "units": ran["units"], "model": model, "dtype": dtype, "model_bytes": need if is_absent(need) else math.floor(need + 0.5),
                "model_bytes_from": of, "outcome": outcome, "reason": reason, "prices": len(pairs),
                "example": min(" ".join(p.offer[c] for c in PRICE) for p in pairs),
            })
    return rows


def hardware_offers(judged, config):
    """What an hour of use and a kWh cost at each price that has a cost, by hardware, model and dtype."""
    return {key: [at(pair, speed, config) for pair, _, _, speed in of_key if speed] for key, of_key in judged.items()}


def at(pair, speed, config):
    """One price for what ran: a share of it, or other hardware at a speed."""
    offer, used = pair.offer, config["utilisation"]
    part = pair.units / pair.sold if pair.is_share else 1.0
    rate = pair.units * offer["share_usd_per_hour"] if pair.is_share else offer["usd_per_hour"]
    waiting = 0.0 if offer["idle_kw"] == 0 or used == 1 else (1 / used - 1) * offer["idle_kw"] * offer["kwh_usd"]
    hour, below, above = rate / used + waiting, offer["hour_below"] * part / used, offer["hour_above"] * part / used
    return {
        **offer, "match": "measured" if pair.is_priced else "extrapolated", "usd_per_hour": rate, "speed": speed.factor,
        "usd_per_used_hour": hour / speed.factor,
        "below": hour * (1 / speed.factor - 1 / speed.high) + below / speed.high,
        "above": hour * (1 / speed.low - 1 / speed.factor) + above / speed.low,
        "embodied_per_used_hour": offer["embodied_per_hour"] * part / used / speed.factor,
        "usd_per_kwh": 0.0 if offer["includes_power"] else offer["kwh_usd"] * speed.energy,
        **{figure: taken * speed.energy for figure, taken in offer["kwh_takes"].items()},
    }

"""Metrics, and what a grid says of a kWh: names and flags that the other files go by. schemas/src/metrics.rs has the same list."""

from typing import NamedTuple


class Metric(NamedTuple):
    """What is known of a metric whatever its values are."""

    # Columns of a run: how it is known, how the energy in it is, and what its sensors may be off by.
    evidence: str = "evidence"
    energy_evidence: str | None = None
    error: str | None = None
    # Scenarios add up to it, so that its mean over them is arithmetic.
    adds_up: bool = False
    more_is_better: bool = False
    is_estimated: bool = True
    is_compared: bool = True


ENERGY = Metric("energy_evidence", adds_up=True)
ALL = {
    "latency_ms": Metric(),
    "ttft_ms": Metric(),
    "tpot_ms": Metric(),
    "input_tokens_per_s": Metric(more_is_better=True),
    "output_tokens_per_s": Metric(more_is_better=True),
    "total_usd_per_mtok": ENERGY._replace(
        evidence="usd_evidence", energy_evidence="usd_energy", error="total_usd_per_mtok_error", is_estimated=False
    ),
    "gross_kwh_per_mtok": ENERGY._replace(error="gross_kwh_per_mtok_error"),
    "net_kwh_per_mtok": ENERGY._replace(is_compared=False),
    "gross_power_w": ENERGY._replace(is_compared=False, adds_up=False),
    "decode_j_per_token": ENERGY._replace(is_compared=False),
    "gco2e_per_mtok": ENERGY._replace(
        evidence="gco2e_evidence", energy_evidence="energy_evidence", error="gco2e_per_mtok_error", is_estimated=False
    ),
}
# Figures of a grid, each with what a million tokens take of it.
PER_KWH = {"gco2e_per_kwh": "gco2e_per_mtok"}
# Columns of a run that hold a metric or its error, with how each is known.
COLUMNS = {name: m.evidence for name, m in ALL.items()} | {m.error: "energy_evidence" for m in ALL.values() if m.error}


def mean_over(name):
    """Which mean over scenarios a metric has."""
    return "arithmetic" if ALL[name].adds_up else "geometric"

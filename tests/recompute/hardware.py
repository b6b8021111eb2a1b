"""Names of hardware: spellings folded, aliases looked up, what an instance has. docs/costs.md, "Names of hardware"."""

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

INPUTS = Path(__file__).parents[2] / "data" / "inputs" / "hardware"
NO_MODEL = set("nvidia corporation corp amd ati advanced micro devices inc intel geforce cpu gpu processor genuine r".split())
LISTED = ("corporation", ", inc.", "controller", "accelerators")
NO_PRODUCT = ("", "amd", "amd/ati")


class Hardware(NamedTuple):
    """What a printed name stands for."""

    count: int
    name: str
    is_exact: bool
    memory_gb: float | None
    is_slice: bool


def rows(name):
    with (INPUTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(printed):
    """The number before a name, and the name."""
    text = printed.strip()
    found = re.match(r"([0-9]+)\s*[xX×*] (.*)", text, re.DOTALL)
    return (int(found[1]), found[2].lstrip()) if found and int(found[1]) > 0 else (1, text)


def product(line):
    """The last product in brackets of a line of lspci."""
    if not any(word in line for word in LISTED):
        return line
    inside = [text.strip() for text in re.findall(r"\[([^\]]*)\]", line)]
    is_identifier = lambda text: re.fullmatch(r"[0-9a-f]{4}(:[0-9a-f]{4})*", text)
    named = [text for text in inside if text not in NO_PRODUCT and not is_identifier(text)]
    return named[-1] if named else line


@lru_cache(maxsize=None)
def fold(printed):
    text = counted(printed)[1]
    text = "".join(c.lower() if c.isascii() else c for c in text)
    text = product(re.sub(r"\((r|tm|c)\)", " ", text).split("@")[0])
    words = [word for word in (w.strip(".") for w in re.split(r"[^a-z0-9.]+", text)) if word]
    kept = []
    for word in words:
        before = kept[-1] if kept else ""
        if word in NO_MODEL:
            continue
        if word == "core" and before.isdigit() or word == "gen" and re.fullmatch(r"\d+(st|nd|rd|th)", before):
            kept.pop()
        elif word in ("gb", "gib") and before.isdigit():
            kept[-1] += "gb"
        elif word == "radeon" and before in ("with", "w"):
            kept.pop()
            break
        else:
            kept.append(word)
    return " ".join(kept)


@lru_cache(maxsize=None)
def aliases():
    return {fold(row["alias"]): row for row in rows("names.csv")}


@lru_cache(maxsize=None)
def recognise(printed):
    count, text = counted(printed)
    folded = fold(text)
    whole, of, part = folded.partition(" mig ")
    if of:
        found, gigabytes = recognise(whole), re.search(r"\.(\d+)gb$", part)
        return Hardware(count, f"{found.name} MIG {part}", found.is_exact, float(gigabytes[1]) if gigabytes else None, True)
    row = aliases().get(folded)
    if row is None:
        return Hardware(count, folded, True, None, False)
    return Hardware(count, row["name"], row["is_exact"] == "true", float(row["memory_gb"]) if row["memory_gb"] else None, False)


@lru_cache(maxsize=None)
def sold(provider, instance, printed):
    """What a seller's instance has: by the table of instances, else as the price prints it."""
    for row in rows_of_instances():
        pattern, named = row["instance"].lower(), instance.lower()
        is_same = named.startswith(pattern[:-1]) if pattern.endswith("*") else named == pattern
        if row["provider"].lower() == provider.lower() and is_same:
            return recognise(row["accelerator"])._replace(count=counted(printed)[0])
    return recognise(printed)


@lru_cache(maxsize=None)
def rows_of_instances():
    return rows("instances.csv")


def of_price(price):
    """What a price is of; None where it does not say."""
    if price["accelerator"] is not None:
        return sold(price["provider"], price["instance"], price["accelerator"])
    return None if price["cpu"] is None else recognise(price["cpu"])

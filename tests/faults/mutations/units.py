"""Units, decimal marks and thousands."""

import re

from documents import Records
from quantities import is_number, scaled, split

from . import SAME, mutation

# Another unit of the same measure, and the factor to it.
OTHERS = {"W": [("mW", 1000), ("kW", "0.001")], "mW": [("W", "0.001")], "kW": [("W", 1000)], "J": [("kJ", "0.001"), ("Wh", None)],
          "uJ": [("mJ", "0.001")], "Wh": [("kWh", "0.001")], "kWh": [("Wh", 1000)], "mJ": [("J", "0.001")]}
WRONG = {"W": ["mW", "kW", "°C"], "mW": ["W", "uW"], "kW": ["W"], "J": ["mJ", "kJ", "Wh"], "uJ": ["mJ"], "kWh": ["Wh", "J"], "mJ": ["J"], "Wh": ["J"]}


def unit_in_name(name, unit):
    """Where the name of a column has its unit: `[W]`, `(W)`, `_w`."""
    return re.search(rf"(?<=[\[(]){re.escape(unit)}(?=[\])])|(?<=_){re.escape(unit.lower())}$", name)


def with_unit(name, old, new):
    found = unit_in_name(name, old)
    new = new.lower() if name[found.start() - 1] == "_" else new
    return name[: found.start()] + new + name[found.end() :]


def says_unit(case, field):
    """Whether the column's name, its cells, or both say the unit."""
    document, unit = case.sample.document, case.sample.values[field]
    in_name = document.is_table and bool(unit_in_name(document.names[field], unit))
    in_cells = not isinstance(document, Records) and (split(document.get(0, field) or "") or ("", "", ""))[2] == unit
    return in_name, in_cells


def rewrite(case, document, field, unit, factor, in_name, in_cells):
    """Another unit in name and cells, numbers times `factor`; an empty one is left out."""
    old = case.sample.values[field]
    if in_name:
        name = document.names[field]
        bare = re.sub(rf"\s*[\[(]{old}[\])]|_{old.lower()}$", "", name)
        document.rename(field, with_unit(name, old, unit) if unit else bare)
    for i in range(len(document)):
        value = document.get(i, field)
        if not is_number(value):
            continue
        if factor:
            value = scaled(value, factor)
        if in_cells:
            digits, blanks, _ = split(value)
            value = f"{digits}{blanks}{unit}".strip()
        document.put(i, field, value)


@mutation("unit changed with its numbers", SAME, ("power",))
def changed(case):
    for field, unit in case.sample.values.items():
        in_name, in_cells = says_unit(case, field)
        for other, factor in OTHERS.get(unit, []):
            if factor and (in_name or in_cells):
                document = case.document
                rewrite(case, document, field, other, factor, in_name, in_cells)
                yield f"{document.label(field)} for {case.document.label(field)}", document


@mutation("unit changed in the cells alone", kinds=("power",))
def cells_alone(case):
    for field, unit in case.sample.values.items():
        if says_unit(case, field)[1]:
            for other, factor in OTHERS.get(unit, []):
                document = case.document
                rewrite(case, document, field, other, factor, False, True)
                yield f"{document.label(field)} in {other}", document


@mutation("wrong unit", kinds=("power",))
def wrong(case):
    for field, unit in case.sample.values.items():
        in_name, in_cells = says_unit(case, field)
        for other in WRONG.get(unit, []) if in_name or in_cells else []:
            document = case.document
            rewrite(case, document, field, other, None, in_name, in_cells)
            yield f"{case.document.label(field)} in {other}", document


@mutation("unit left out", kinds=("power",))
def left_out(case):
    for field in case.sample.values:
        in_name, in_cells = says_unit(case, field)
        if in_name or in_cells:
            document = case.document
            rewrite(case, document, field, "", None, in_name, in_cells)
            yield case.document.label(field), document


@mutation("unit left out, numbers in another", kinds=("power",))
def left_out_and_scaled(case):
    for field, unit in case.sample.values.items():
        in_name, in_cells = says_unit(case, field)
        for other, factor in OTHERS.get(unit, []) if in_name or in_cells else []:
            if factor:
                document = case.document
                rewrite(case, document, field, "", factor, in_name, in_cells)
                yield f"{case.document.label(field)} in {other}", document


def comma(text):
    digits, blanks, unit = split(text)
    return digits.replace(".", ",") + blanks + unit


def thousands(text, mark=","):
    digits, blanks, unit = split(text)
    whole, point, fraction = digits.partition(".")
    return f"{int(whole):,}".replace(",", mark) + (("," if mark == "." else ".") + fraction if point else "") + blanks + unit


def decimal_fields(case, document):
    """Columns with decimals; a mark of decimals is one of the whole file, so of all of them."""
    fields = [field for field in document.fields() if field not in (case.sample.clock.fields if case.sample.clock else ())]
    every = [(i, field) for field in fields for i in range(len(document))]
    return [(i, field) for i, field in every if is_number(document.get(i, field))]


def comma_tables(name, joiner):
    @mutation(name, SAME)
    def trials(case):
        document = case.document
        if not document.is_table or not document.joiner or document.joiner[0] != ",":
            return
        document.joiner = joiner
        for i, field in decimal_fields(case, document):
            document.put(i, field, comma(document.get(i, field)))
        if document.text().count(",") > case.sample.document.text().count(",") * (joiner == ","):
            yield "", document


comma_tables("decimal comma, separator ;", ";")
comma_tables("decimal comma, separator tab", "\t")
comma_tables("decimal comma in quotes", ",")


@mutation("decimal comma in one cell")
def one_comma(case):
    document = case.document
    if not document.is_table:
        return
    for field in case.numbers():
        places = [i for i in case.filled(field, numeric=True) if "." in document.get(i, field)]
        for place in case.places(len(places)):
            other = case.document
            other.put(places[place], field, comma(document.get(places[place], field)))
            yield f"{document.label(field)}, record {places[place]}", other


@mutation("marks of thousands", SAME)
def marks(case):
    document = case.document
    if not document.is_table or not document.joiner:
        return
    for i, field in decimal_fields(case, document):
        value = document.get(i, field)
        if field in case.numbers() and "e" not in value and "." in value and value[:1] != "-":
            document.put(i, field, thousands(value))
    if document.text() != case.sample.document.text():
        yield "", document

"""Single cells and whole columns with other values."""

import math

from documents import Records
from quantities import is_number, scaled, split

from . import mutation

SENTINELS = {"0": 0, "-1": -1, "65535": 65535, "2^31-1": 2**31 - 1, "2^32-1": 2**32 - 1, "2^47": 2**47, "1e15": 1e15, "NaN": math.nan,
             "inf": math.inf, "N/A": "N/A"}


def write(document, i, field, value):
    """A value in the place of another, with its unit."""
    old = document.get(i, field)
    found = split(old) if isinstance(old, str) else None
    if isinstance(document, Records):
        document.put(i, field, str(value) if isinstance(old, str) and not isinstance(value, str) else value)
    elif value == "" or found is None:
        document.put(i, field, value)
    else:
        document.put(i, field, f"{value}{found[1]}{found[2]}" if not isinstance(value, str) else value)


def cells(case, numeric=True):
    """Each field at some places: of logs several, of others one."""
    for field in case.numbers() if numeric else case.fields():
        filled = case.filled(field, numeric)
        for place in case.places(len(filled), None if case.sample.kind == "power" else max(1, case.count - 1)):
            yield field, filled[place]


def on_cell(name, value, numeric=True):
    @mutation(name)
    def trials(case):
        for field, i in cells(case, numeric):
            document = case.document
            old = document.get(i, field)
            write(document, i, field, value(old) if callable(value) else value)
            if document.get(i, field) != old:
                yield f"{document.label(field)}, record {i}", document


on_cell("cell blanked", "", numeric=False)
on_cell("cell of letters", "abc")
for factor in (1000, "0.001", 10, "1.02"):
    on_cell(f"cell x {factor}", lambda old, factor=factor: scaled(old, factor))
on_cell("cell negated", lambda old: scaled(old, -1))
for name, sentinel in SENTINELS.items():
    on_cell(f"cell {name}", sentinel)


@mutation("value null")
def null(case):
    for field, i in cells(case, numeric=False):
        document = case.document
        if isinstance(document, Records):
            document.put(i, field, None)
            yield f"{document.label(field)}, record {i}", document


def on_column(name, factor, throughout):
    @mutation(name)
    def trials(case):
        for field in case.numbers():
            for start in [0] if throughout else case.starts():
                document = case.document
                for i in range(start, len(document)):
                    value = document.get(i, field)
                    if is_number(value):
                        document.put(i, field, scaled(value, factor))
                if document.text() != case.sample.document.text():
                    yield document.label(field) + ("" if throughout else f", from record {start}"), document


for factor in (1000, "0.001"):
    on_column(f"column x {factor} from a record on", factor, False)
    on_column(f"column x {factor}", factor, True)
on_column("column x -1", -1, True)


@mutation("zeros for ten records", kinds=("power",))
def zeros(case):
    for field in case.sample.values:
        for start in case.starts():
            document = case.document
            for i in range(start, min(start + 10, len(document))):
                write(document, i, field, 0)
            yield f"{document.label(field)}, from record {start}", document

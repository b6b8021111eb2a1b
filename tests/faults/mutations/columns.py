"""Columns and keys that are renamed, doubled, dropped or exchanged."""

from . import SAME, SEEN, mutation


def on_field(name, change, expects=SEEN):
    @mutation(name, expects)
    def trials(case):
        for field in case.fields():
            document = case.document
            label = document.label(field)
            change(document, field)
            if document.text() != case.sample.document.text():
                yield label, document


def rename(document, field):
    document.rename(field, "field_x")


on_field("column renamed", rename)
on_field("column dropped", lambda document, field: document.drop(field))
on_field("column doubled", lambda document, field: document.double(field))


def pairs(case):
    """Powers, energies and times with another column; of results and lists each number with the next one."""
    document, sample = case.document, case.sample
    fields = document.fields()
    if sample.kind == "power":
        first = [*sample.values, *sample.devices]
        return [(a, case.random.choice([b for b in fields if b != a])) for a in first if len(fields) > 1]
    numbers = case.numbers()
    return [(a, b) for a, b in zip(numbers, numbers[1:]) if differ(document, a, b)]


def differ(document, a, b):
    return any(document.get(i, a) != document.get(i, b) for i in range(len(document)))


def named(document, a, b):
    return f"{document.label(a)} and {document.label(b)}"


@mutation("columns exchanged, header too", SAME)
def exchanged(case):
    for a, b in pairs(case) if case.document.is_table else []:
        document = case.document
        where = named(document, a, b)
        document.exchange_columns(a, b)
        yield where, document


@mutation("columns exchanged under a new header")
def exchanged_in_the_middle(case):
    for start in case.starts() if case.document.is_table else []:
        for a, b in pairs(case):
            document = case.document
            where = f"{named(document, a, b)}, from record {start}"
            document.exchange_columns(a, b, start)
            yield where, document


@mutation("values exchanged from a record on")
def values_exchanged(case):
    for start in case.starts():
        for a, b in pairs(case):
            document = case.document
            document.exchange(a, b, start)
            if document.text() != case.sample.document.text():
                yield f"{named(document, a, b)}, from record {start}", document


@mutation("values exchanged throughout")
def values_exchanged_throughout(case):
    for a, b in pairs(case):
        document = case.document
        document.exchange(a, b)
        if document.text() != case.sample.document.text():
            yield named(document, a, b), document

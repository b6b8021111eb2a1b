"""Lines and bytes that are lost, repeated, cut, glued or moved."""

from . import SAME, mutation


def lines_of(case):
    return case.sample.document.text().splitlines(keepends=True)


def on_lines(name, change):
    """Registers a change of the lines at one place."""

    @mutation(name)
    def trials(case):
        lines = lines_of(case)
        for place in case.places(len(lines)):
            changed = list(lines)
            if change(changed, place, case.random) is not False:
                yield f"line {place + 1}", "".join(changed).encode(case.sample.encoding)


def lose(lines, place, random):
    del lines[place]


def repeat(lines, place, random):
    lines.insert(place, lines[place])


def cut(lines, place, random):
    text = lines[place].rstrip("\n")
    if len(text) < 2:
        return False
    lines[place] = text[: random.randrange(1, len(text))] + "\n"


def glue(lines, place, random):
    if place + 1 == len(lines):
        return False
    lines[place] = lines[place].rstrip("\n")


def overwrite(lines, place, random):
    """A writer that was killed and began again: half a line, and the next one behind it."""
    if place + 1 == len(lines) or len(lines[place]) < 4:
        return False
    lines[place] = lines[place][: random.randrange(1, len(lines[place]) - 1)]


def swap(lines, place, random):
    if place + 1 == len(lines):
        return False
    lines[place], lines[place + 1] = lines[place + 1], lines[place]


def blank(lines, place, random):
    lines.insert(place, "\n")


def log_text(lines, place, random):
    lines.insert(place, "WARNING: something else was written here, 42\n")


for name, change in {"line lost": lose, "line repeated": repeat, "line cut": cut, "line glued to the next": glue, "line cut and glued": overwrite,
                     "lines swapped": swap, "blank line": blank, "line of another program": log_text}.items():
    on_lines(name, change)


@mutation("file cut")
def file_cut(case):
    data = case.sample.document.text().encode(case.sample.encoding)
    for place in case.places(len(data)):
        yield f"byte {place}", data[:place]


@mutation("halves swapped")
def halves_swapped(case):
    lines = lines_of(case)
    half = len(lines) // 2
    yield f"line {half + 1}", "".join(lines[half:] + lines[:half]).encode(case.sample.encoding)


@mutation("halves of records swapped")
def records_swapped(case):
    document = case.document
    half = len(document) // 2
    if half and isinstance(document.records, list):
        records = list(document.records)
        document.records[:] = records[half:] + records[:half]
        yield f"record {half}", document


@mutation("file twice in itself")
def twice(case):
    yield "", (case.sample.document.text() * 2).encode(case.sample.encoding)


@mutation("same file twice")
def same_file(case):
    if case.sample.kind in ("power", "runs"):
        yield "", [case.document, case.document]


@mutation("record repeated")
def record_repeated(case):
    for place in case.places(len(case.sample.document)):
        document = case.document
        if place < len(document) and hasattr(document.records, "insert"):
            document.repeat(place)
            if len(document) > len(case.sample.document):
                yield f"record {place}", document


@mutation("lines of one instant permuted", SAME, ("power",))
def permuted(case):
    document, clock = case.document, case.sample.clock
    if len(case.sample.devices) == 0 or not document.is_table:
        return
    document.records.sort(key=lambda row: (clock.read([row[field].strip() for field in clock.fields]), case.random.random()))
    yield "", document


@mutation("split in two files", SAME, ("power",))
def split(case):
    first, second = case.document, case.document
    place = case.places(len(first), 1)[0]
    if first.records is not first.records:  # records of a document that has them in several places
        return
    del first.records[place:], second.records[:place]
    yield f"record {place}", [first, second]

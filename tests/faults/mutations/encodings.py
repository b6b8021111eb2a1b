"""The same text in other bytes."""

import gzip
import io
import shutil
import subprocess
import zipfile

from . import SAME, SEEN, mutation


def on_text(name, change, expects=SAME):
    """Registers a change of the whole text to bytes; None where it does not apply."""

    @mutation(name, expects)
    def trials(case):
        text = case.sample.document.text()
        changed = change(text, case)
        if changed is not None and changed != text.encode(case.sample.encoding):
            yield "", changed


def encoded(text, encoding):
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def zipped(text, case):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(case.sample.file), text)
    return out.getvalue()


def zstandard(text, case):
    if not shutil.which("zstd"):
        return None
    return subprocess.run(["zstd", "-qc"], input=text.encode(case.sample.encoding), capture_output=True, check=True).stdout


def accented(text, case):
    """A name that only Windows-1252 writes so; `·` in a comment or a name of a model changes no number."""
    return encoded(text, "cp1252") if not text.isascii() else None


on_text("UTF-16 LE with a mark", lambda text, case: b"\xff\xfe" + text.encode("utf-16-le"))
on_text("UTF-16 BE with a mark", lambda text, case: b"\xfe\xff" + text.encode("utf-16-be"))
on_text("UTF-16 LE", lambda text, case: text.encode("utf-16-le"))
on_text("UTF-16 BE", lambda text, case: text.encode("utf-16-be"))
on_text("UTF-8 with a mark", lambda text, case: b"\xef\xbb\xbf" + text.encode())
on_text("UTF-8", lambda text, case: text.encode())
on_text("Windows-1252", accented)
on_text("CR LF", lambda text, case: encoded(text.replace("\n", "\r\n"), case.sample.encoding))
on_text("CR", lambda text, case: encoded(text.replace("\n", "\r"), case.sample.encoding))
on_text("no last line end", lambda text, case: encoded(text.rstrip("\n"), case.sample.encoding))
on_text("gzip", lambda text, case: gzip.compress(text.encode(case.sample.encoding), mtime=0))
on_text("zstd", zstandard)
on_text("zip", zipped, SEEN)
on_text("gzip cut", lambda text, case: gzip.compress(text.encode(case.sample.encoding), mtime=0)[: -len(text) // 20], SEEN)


def tables(case):
    document = case.document
    return [document] if document.is_table and document.joiner and document.joiner[0] == "," and not document.quoted else []


def separated(name, joiner, first=""):
    @mutation(name, SAME)
    def trials(case):
        for document in tables(case):
            document.joiner = joiner
            yield "", (first + document.text()).encode(case.sample.encoding)


separated("separator ;", ";")
separated("separator tab", "\t")
separated("separator ; and sep=;", ";", "sep=;\n")
separated("sep=,", ",", "sep=,\n")


@mutation("cells in quotes", SAME)
def quoted(case):
    for document in tables(case):
        document.quoted = True
        yield "", document


@mutation("separator changes in the middle")
def mixed(case):
    for document in tables(case):
        lines = document.text().splitlines(keepends=True)
        place = case.places(len(lines), 1)[0]
        if place > document.text()[:1].count("\n"):
            yield f"line {place + 1}", ("".join(lines[:place]) + "".join(lines[place:]).replace(",", ";")).encode(case.sample.encoding)

"""Files of a data set where they lie: in folders, or inside zip archives that are never unpacked.

An address is a path, or ``archive.zip!/member``. Names come from strangers: one that would leave its
folder is refused, and what is read is held to its stated size and checksum.
"""

from __future__ import annotations

import os
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from s2f_helpers.common.types import S2FError

__all__ = ["File", "find_files", "read_bytes", "read_each"]

INSIDE = "!/"
LARGEST = 50_000_000
LOCAL_HEADER = 30
SLACK = 512
"""Room for a member's name and extra fields, so that one read nearly always brings all of it."""
ENCRYPTED, UTF8 = 0x1, 0x800


class File(NamedTuple):
    """One file, and where its bytes lie when it is a member of an archive.

    Attributes:
        name: path below the folder or in the archive, ``/`` between its parts, Hangul composed (NFC).
        packed, size, method, crc, offset: the archive's own entry; ``method`` is -1 for a plain file.
    """

    root: str
    name: str
    packed: int = 0
    size: int = 0
    method: int = -1
    crc: int = 0
    offset: int = 0

    @property
    def address(self) -> str:
        return f"{self.root}{INSIDE if self.method >= 0 else os.sep}{self.name}"

    @property
    def stem(self) -> str:
        return self.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


Torn = list[tuple[str, str, str]]
"""Archives that cannot be read: address, reason, detail, as in a data set's ``problems``."""


def find_files(path: Path | str, *suffixes: str) -> tuple[list[File], Torn]:
    """All files below a folder, in an archive, or in archives below a folder, whose names end so; sorted.

    Endings are in lower case, such as ``".json"``; upper case in the name matches too. Archives below the folder that
    cannot be read are told beside the files, since half a download must not hide the rest; a zip named outright that
    cannot be read, or a path that is not there, is an :class:`S2FError`.
    """
    path, torn = Path(path).expanduser().resolve(), []
    if path.is_file() and path.suffix.lower() == ".zip":
        return sorted(_members(path, suffixes)), torn
    if path.is_file():
        return [File(str(path.parent), path.name)], torn
    if not path.is_dir():
        raise S2FError(f"{path}: no such folder or zip; expected the place where the data set was downloaded to")
    return sorted(_below(path, suffixes, torn)), torn


def _below(folder: Path, suffixes: tuple[str, ...], torn: Torn) -> Iterator[File]:
    for place, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(suffixes):
                yield File(place, name)
            elif name.lower().endswith(".zip"):
                try:
                    yield from _members(Path(place, name), suffixes)
                except S2FError as error:
                    torn.append((os.path.join(place, name), "archive cannot be read", str(error)))


def _members(archive: Path, suffixes: tuple[str, ...]) -> Iterator[File]:
    try:
        with zipfile.ZipFile(archive) as bundle:
            entries = bundle.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise S2FError(f"{archive} is not a readable zip ({error}): download it again") from error
    for info in entries:
        name = _decoded(info)
        if name.lower().endswith(suffixes) and not info.is_dir():
            method = 99 if info.flag_bits & ENCRYPTED else info.compress_type
            yield File(str(archive), name, info.compress_size, info.file_size, method, info.CRC, info.header_offset)


def _decoded(info: zipfile.ZipInfo) -> str:
    """Korean Windows writes names in CP949 and does not say so; Python then reads them as CP437."""
    name = info.filename.replace("\\", "/")
    if name.isascii():
        return name
    if not info.flag_bits & UTF8:
        raw = name.encode("cp437", "replace")
        for encoding in ("cp949", "utf-8"):  # the last that fits
            with suppress(UnicodeDecodeError):
                name = raw.decode(encoding)
    return unicodedata.normalize("NFC", name)


def read_each(files: Iterable[File]) -> Iterator[tuple[File, bytes | S2FError]]:
    """Each file with its bytes, or with the error that says why not; an archive is opened once, not once a member."""
    root, handle = None, None
    with ExitStack() as opened:
        for file in files:
            try:
                if file.method >= 0 and file.root != root:
                    opened.close()
                    handle, root = opened.enter_context(open(file.root, "rb", buffering=0)), file.root
                yield file, _plain(file.address) if file.method < 0 else _member(handle, file)
            except S2FError as error:
                yield file, error
            except OSError as error:
                yield file, S2FError(f"cannot be read: {error.strerror}")


def _plain(address: str) -> bytes:
    if not os.path.isfile(address):
        raise S2FError("no such file")
    if os.path.getsize(address) > LARGEST:
        raise S2FError(f"more than {LARGEST:,} bytes")
    return Path(address).read_bytes()


def _member(handle, file: File) -> bytes:
    """The member's bytes, straight from its place: ``zipfile`` would cost more than inflating it."""
    if "/../" in f"/{file.name}/" or file.name.startswith("/") or ":" in file.name[:3]:
        raise S2FError("its name would leave the archive's folder")
    if file.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise S2FError("encrypted, or packed in a way other than deflate")
    if file.size > LARGEST:
        raise S2FError(f"more than {LARGEST:,} bytes")
    handle.seek(file.offset)
    block = handle.read(LOCAL_HEADER + SLACK + file.packed)
    if block[:4] != b"PK\3\4" or len(block) < LOCAL_HEADER:
        raise S2FError("not where the archive's directory says it is")
    start = LOCAL_HEADER + int.from_bytes(block[26:28], "little") + int.from_bytes(block[28:30], "little")
    if start > LOCAL_HEADER + SLACK:
        handle.seek(file.offset)
        block = handle.read(start + file.packed)
    content = block[start : start + file.packed]
    if file.method == zipfile.ZIP_DEFLATED:
        try:
            content = zlib.decompressobj(-15).decompress(content, file.size + 1)
        except zlib.error as error:
            raise S2FError(f"damaged in the archive ({error})") from error
    if len(content) != file.size or zlib.crc32(content) != file.crc:
        raise S2FError("damaged in the archive (its checksum does not fit)")
    return content


def read_bytes(address: str) -> bytes:
    """Contents of one address; an :class:`S2FError` when there is no such file or member, or it is damaged."""
    archive, inside, name = address.partition(INSIDE)
    file = _index(archive).get(name) if inside else File(*os.path.split(address))
    if file is None:
        raise S2FError(f"{address}: no such member in the archive")
    ((_, content),) = read_each([file])
    if isinstance(content, S2FError):
        raise S2FError(f"{address}: {content}")
    return content


@lru_cache(maxsize=4)
def _index(archive: str) -> dict[str, File]:
    return {file.name: file for file in _members(Path(archive), ("",))}

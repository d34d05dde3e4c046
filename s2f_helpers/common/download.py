"""Fetch one archive safely: a mirror first, then its public address; unpack only what was promised.

``S2F_MIRROR`` names a folder (relative to the checkout, or absolute) or an http(s) address that
holds the same file names: a teacher's USB stick, a lab's server, CI.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pooch

from s2f_helpers.common.paths import ROOT
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError

__all__ = ["atomic_file", "atomic_write", "fetch_archive", "unpack_verified"]

LARGEST_MEMBER = 20_000_000
CONNECT_SECONDS = 20


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes its name only when the block ends well: a reader never meets half of it.

    Raises:
        S2FError: when the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            yield file
        os.replace(partial, path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise S2FError(f"the disk is full: free some space for {path} and run this again") from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def atomic_write(path: Path, content: bytes) -> None:
    """Write a whole file or none; see :func:`atomic_file`.

    >>> from s2f_helpers.common.paths import cache_dir
    >>> target = cache_dir("doctest") / "note.txt"
    >>> atomic_write(target, b"whole"); target.read_bytes()
    b'whole'
    """
    with atomic_file(path) as file:
        file.write(content)


def fetch_archive(url: str, file_name: str, folder: Path) -> Path:
    """Path of the archive: in the mirror folder as it lies, or downloaded into ``folder``.

    An interrupted download leaves nothing that looks whole (pooch moves the file in place at the end).

    Raises:
        S2FError: when neither the mirror nor the address gives the file.
    """
    mirror = os.environ.get("S2F_MIRROR", "")
    addresses = [url]
    if mirror.startswith(("http://", "https://")):
        addresses.insert(0, f"{mirror.rstrip('/')}/{file_name}")
    elif mirror and (ROOT / mirror / file_name).is_file():
        return ROOT / mirror / file_name
    folder.mkdir(parents=True, exist_ok=True)
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=CONNECT_SECONDS)
    failures = []
    for address in addresses:
        try:
            return Path(pooch.retrieve(address, known_hash=None, fname=file_name, path=folder, downloader=downloader))
        except OSError as error:
            failures.append(f"{address}: {type(error).__name__}")
    raise S2FError(
        f"could not fetch {file_name} ({'; '.join(failures)}). Check the network, or set S2F_MIRROR to a folder "
        "that holds this file."
    )


def unpack_verified(archive: Path, prefix: str, checksums: Mapping[str, str], folder: Path) -> None:
    """Unpack the named members and nothing else, each checked against its SHA-256.

    ``folder`` appears only when every file in it is right; files that are already right in an
    interrupted attempt are kept, so a second try goes on where the first stopped.

    Args:
        prefix: path inside the archive that is stripped, such as ``"name-commit/images/"``.
        checksums: file name to SHA-256 in hex. Names are ours, not the archive's, so no member can
            write outside ``folder``.
    """
    partial = folder.with_name(folder.name + ".part")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as bundle:
            for name, expected in progress(checksums.items(), what=f"unpacking {folder.name}", unit="file"):
                _unpack_one(bundle, prefix + name, expected, partial / name)
    except zipfile.BadZipFile as error:
        raise S2FError(f"{archive} is not a readable zip ({error}): delete it and run this again") from error
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(partial, folder)


def _unpack_one(bundle: zipfile.ZipFile, member: str, expected: str, target: Path) -> None:
    if target.is_file() and _sha256(target.read_bytes()) == expected:
        return
    try:
        size = bundle.getinfo(member).file_size
    except KeyError:
        raise S2FError(f"{bundle.filename} holds no {member}: it is another archive; delete it, run again") from None
    if size > LARGEST_MEMBER:
        raise S2FError(f"{member}: {size:,} bytes where at most {LARGEST_MEMBER:,} were expected; not unpacked")
    content = bundle.read(member)
    if _sha256(content) != expected:
        raise S2FError(
            f"{member}: wrong checksum (expected {expected[:12]}…, got {_sha256(content)[:12]}…). "
            f"The archive is damaged or changed: delete {bundle.filename} and run this again"
        )
    atomic_write(target, content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""The doctor says what is missing and the command that mends it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from s2f_helpers import doctor as ward
from s2f_helpers.common.paths import ROOT
from s2f_helpers.doctor import doctor, examine


def found(name):
    return next(finding for finding in examine() if finding.name == name)


def test_all_is_well_here(monkeypatch, capsys):
    monkeypatch.delenv("S2F_MIRROR", raising=False)
    assert doctor() is True
    said = capsys.readouterr().out
    assert "Everything the notebooks need is here." in said and len(said.splitlines()) <= 24, "one screen"
    assert all(name in said for name in ("Python", "torch", "GPU", "mmdet", "widgets", "photos", "weights", "browser"))


@pytest.fixture
def only(monkeypatch):
    """Run one probe alone."""

    def keep(name):
        monkeypatch.setattr(ward, "PROBES", {name: ward.PROBES[name]})

    return keep


def test_missing_and_damaged_weights(only, monkeypatch, tmp_path, capsys):
    only("weights")
    monkeypatch.setattr(ward, "WEIGHTS", tmp_path)
    assert found("weights").state == "FIX" and "generator.safetensors is missing" in found("weights").said
    for name in ward.SHIPPED:
        (tmp_path / f"{name}.safetensors").write_bytes(b"version https://git-lfs")
    assert "damaged" in found("weights").said
    assert doctor() is False
    assert "checkout -- weights" in capsys.readouterr().out


def test_missing_package(only, monkeypatch):
    only("packages")
    real = metadata.version

    def version(name):
        if name == "lancedb":
            raise metadata.PackageNotFoundError
        return "0.0.1" if name == "pandas" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert found("packages").said == "missing: lancedb"
    assert found("packages").remedy.endswith("lancedb") and "constraints.txt" in found("packages").remedy
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert "requirements-colab.txt" in found("packages").remedy


def test_a_python_without_packages_still_gets_its_screen():
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from s2f_helpers.doctor import doctor; sys.exit(not doctor())"
    )
    bare = [sys.executable, "-I", "-S", "-c", code]  # -S: no site-packages
    done = subprocess.run(bare, capture_output=True, text=True)
    assert done.returncode == 1 and not done.stderr
    assert re.search(r"(\d+) of \1 missing", done.stdout) and "make doctor" in done.stdout
    assert len(done.stdout.splitlines()) <= 24, "one screen"


def test_a_package_without_its_course(only, monkeypatch, tmp_path):
    only("course")
    assert found("course").state == "ok"
    monkeypatch.setattr(ward, "ROOT", tmp_path)
    assert found("course").state == "FIX" and "S2F_HOME" in found("course").remedy


class OtherIndex:
    """A torchvision that was built for another torch."""

    @property
    def ops(self):
        raise RuntimeError("operator torchvision::nms does not exist")


def test_a_torchvision_of_another_index_is_a_finding(only, monkeypatch):
    only("torch")
    monkeypatch.setitem(sys.modules, "torchvision", OtherIndex())
    assert found("torch").state == "FIX" and "torchvision::nms" in found("torch").said
    assert "constraints.txt" in found("torch").remedy


def test_half_the_photos(only, monkeypatch, tmp_path):
    only("photos")
    monkeypatch.setattr("s2f_helpers.data.clothing.photo_folder", lambda: tmp_path)
    assert found("photos").state == "note" and "s2f_helpers.prepare" in found("photos").remedy
    (tmp_path / "one.jpg").write_bytes(b"")
    assert found("photos").state == "FIX" and found("photos").said.startswith("1 of ")


def test_old_python_and_lost_mirror(only, monkeypatch):
    only("Python")
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    assert found("Python").state == "FIX" and "3.11 to 3.13" in found("Python").said
    monkeypatch.undo()
    monkeypatch.setattr(ward, "PROBES", {"mirror": ward.PROBES["mirror"]})
    monkeypatch.setenv("S2F_MIRROR", "no/such/folder")
    assert found("mirror").state == "FIX" and "no/such/folder" in found("mirror").said

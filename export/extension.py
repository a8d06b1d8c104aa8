"""The Blender extension: a zip per platform, with the wheels that Blender's own Pythons lack.

Standard library alone: `python build.py package` runs this before anything is installed.

Blender unpacks the wheels of all extensions into one folder and takes, of each package, the newest that
any of them brings. Where another extension brings a newer pydantic, Phiz runs with that one; it brings
its own pydantic_core too, which is newer in step, so the two stay a pair. What Phiz was tested with is
what stands in PACKAGES; from what versions on it works is said in pyproject.toml.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "blender_addon"
MANIFEST = ADDON / "blender_manifest.toml"
LOCK = Path(__file__).with_suffix(".lock.json")
"""{platform: {file name of a wheel: its sha256}}, written by `write_lock`."""

CACHE = ROOT / ".venv" / "wheels"
LARGEST = 80_000_000  # bytes of a zip
FILMS = Path("phiz", "video", "bundle")
NOT_PACKED = ("headless.py",)  # a way in for the source tree, not for Blender
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in the zip: same sources, same bytes

# What phiz.worker and the add-on import, beside the numpy that Blender has. Left out, though the wheels ask
# for them: flatbuffers, protobuf, packaging, sympy, coloredlogs (onnxruntime) and pycparser (cffi), which
# nobody imports at run time. onnxruntime 1.23.2 is the last that runs on Intel Macs and on macOS 13, and
# takes numpy 1.24 (Blender 4.2) as well as 2 (from 5.1).
PACKAGES = (
    "onnxruntime==1.23.2",
    "pydantic==2.14.3",
    "pydantic_core==2.50.4",
    "annotated_types==0.8.0",
    "typing_extensions==4.16.0",
    "typing_inspection==0.4.5",
    "soundfile==0.14.0",
    "cffi==2.1.1",
    "soxr==1.1.0",
)


class ExtensionError(Exception):
    """A wheel that cannot be had or is not the one that was locked, or a zip that Blender refuses."""


@dataclass(frozen=True)
class Platform:
    """tags: what pip may choose from; pythons: those of the Blenders that exist there."""

    tags: tuple[str, ...]
    pythons: tuple[str, ...] = ("3.11", "3.13")  # Blender 4.2 to 5.0, and from 5.1 on


# The oldest systems that official Blenders run on, as far as onnxruntime goes along: glibc 2.28, macOS 13.
# On Intel Macs Blender ends with 4.5.
PLATFORMS = {
    "linux-x64": Platform(
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
    ),
    "windows-x64": Platform(("win_amd64",)),
    "macos-arm64": Platform(("macosx_13_0_arm64",)),
    "macos-x64": Platform(("macosx_13_0_x86_64",), ("3.11",)),
}


def this_platform() -> str | None:
    """Blender's name of the machine this runs on, if there is an extension for it."""
    import platform

    systems = {"linux": "linux", "win32": "windows", "darwin": "macos"}
    machines = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
    name = f"{systems.get(sys.platform)}-{machines.get(platform.machine().lower())}"
    return name if name in PLATFORMS else None


def write_lock(python: Path) -> None:
    """Fetch PACKAGES for every platform, and write down which files those are. Raises ExtensionError."""
    locked = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in PLATFORMS:
            place = Path(folder) / name
            _download(python, name, "\n".join(PACKAGES), place)
            locked[name] = {wheel.name: _sha256(wheel) for wheel in sorted(place.iterdir())}
    LOCK.write_text(json.dumps(locked, indent=1) + "\n", encoding="utf-8")


def wheels(python: Path, platform: str, cache: Path = CACHE) -> list[Path]:
    """The locked wheels of a platform, from `cache` or else fetched into it by pip. Raises ExtensionError.

    A file that is not the locked one, to the bit, is never returned.
    """
    locked: dict[str, str] = json.loads(LOCK.read_text(encoding="utf-8"))[platform]
    files = {cache / name: digest for name, digest in locked.items()}
    for path, digest in files.items():
        if path.exists() and _sha256(path) != digest:
            path.unlink()  # broken in the cache: fetched anew
    if not all(path.exists() for path in files):
        hashes = {package: set[str]() for package in PACKAGES}
        for name, digest in locked.items():
            package = next(p for p in PACKAGES if name.lower().startswith(p.replace("==", "-") + "-"))
            hashes[package].add(f"--hash=sha256:{digest}")
        wanted = "\n".join(" ".join((package, *sorted(known))) for package, known in hashes.items())
        _download(python, platform, wanted, cache)
    for path, digest in files.items():
        if not path.exists() or _sha256(path) != digest:
            raise ExtensionError(
                f"{path.name} is not the locked wheel. If PACKAGES changed, run `python build.py lock`."
            )
    return sorted(files)


def phiz_wheel(python: Path, out: Path, *, films: bool = False) -> Path:
    """Build the wheel of the package `phiz`, with the shipped bundle, into `out`. Raises ExtensionError.

    films: with the model of talking portraits too. The extension does without: films are made in another
    Python, which has PyTorch.
    """
    with tempfile.TemporaryDirectory() as folder:  # setuptools leaves, and reuses, a build folder
        source = Path(folder) / "source"
        shutil.copytree(
            ROOT / "core", source / "core", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        if not films:
            shutil.rmtree(source / "core" / FILMS, ignore_errors=True)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, source)
        place = Path(folder) / "made"
        _pip(python, "wheel", "--no-deps", "--wheel-dir", str(place), str(source))
        (made,) = place.iterdir()
        return Path(shutil.copy(made, out))


def build(platform: str, brought: Iterable[Path], out: Path) -> Path:
    """Write phiz-VERSION-PLATFORM.zip into the folder `out`, whole or not at all; `brought` are its wheels.

    Raises ExtensionError.
    """
    by_name = {wheel.name: wheel for wheel in brought}
    version, manifest = _manifest(platform, sorted(by_name))
    path = out / f"phiz-{version}-{platform}.zip"
    partial = path.with_suffix(".partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            _put(archive, MANIFEST.name, manifest.encode(), zipfile.ZIP_DEFLATED)
            for source in sorted(ADDON.rglob("*.py")):
                if source.name not in NOT_PACKED:
                    name = source.relative_to(ADDON).as_posix()
                    _put(archive, name, source.read_bytes(), zipfile.ZIP_DEFLATED)
            for name, wheel in sorted(by_name.items()):  # packed already
                _put(archive, f"wheels/{name}", wheel.read_bytes(), zipfile.ZIP_STORED)
        if partial.stat().st_size > LARGEST:
            raise ExtensionError(
                f"{path.name} would be {partial.stat().st_size / 1e6:.1f} MB; 80 is the most."
            )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def validate(path: Path, environment: Path, say: Callable[[str], None]) -> None:
    """Ask Blender's own validator, where `environment` has a bpy that brings it. Raises ExtensionError."""
    validator = "site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    found = [
        path for lib in ("lib/python*", "Lib") for path in sorted(environment.glob(f"{lib}/{validator}"))
    ]
    if not found:
        say(f"{path.name} was not validated: there is no bpy in {environment}")
        return
    command = [sys.executable, str(found[-1]), "validate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ExtensionError(f"Blender refuses {path.name}: {(done.stdout + done.stderr).strip()}")


def _manifest(platform: str, names: list[str]) -> tuple[str, str]:
    """The version, and the manifest with platform and wheels, which have to stand before the first table."""
    text = MANIFEST.read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"', text, re.MULTILINE)[0]  # tomllib is of Python 3.11
    ours = [name for name in names if name.startswith("phiz-")]
    if [name.split("-")[1] for name in ours] != [version]:
        raise ExtensionError(
            f"{MANIFEST.name} says version {version}, the wheel is {ours or 'missing'}. Make them one."
        )
    head, separator, tables = text.partition("\n[permissions]")
    lines = [f'platforms = ["{platform}"]', "wheels = [", *(f'    "./wheels/{name}",' for name in names), "]"]
    return version, "\n".join((head.rstrip(), "", *lines, separator)) + tables


def _put(archive: zipfile.ZipFile, name: str, data: bytes, how: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = how
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _download(python: Path, platform: str, requirements: str, place: Path) -> None:
    """Let pip fetch wheels, unmodified, for every Python of the platform. Raises ExtensionError."""
    place.mkdir(parents=True, exist_ok=True)
    chosen = PLATFORMS[platform]
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(requirements + "\n", encoding="utf-8")
        for version in chosen.pythons:
            words = ["--no-deps", "--only-binary", ":all:", "--implementation", "cp"]
            words += ["--python-version", version, "--dest", str(place), "--requirement", str(listed)]
            words += [word for tag in chosen.tags for word in ("--platform", tag)]
            _pip(python, "download", *words)


def _pip(python: Path, *words: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ExtensionError(f"pip {words[0]} failed: {reason}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

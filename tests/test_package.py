"""The extension: what is in the zip, and that Blender installs it and acts with nothing else at hand."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import phiz
from export import extension
from export.extension import PACKAGES, PLATFORMS, ExtensionError
from phiz import blender as blender_program

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "docs/demo/voice.flac"
LOCK = json.loads(extension.LOCK.read_text())
PYTHON = Path(sys.executable)


def made_up(folder: Path, *names: str) -> list[Path]:
    """Files in the place of wheels."""
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


OURS = f"phiz-{phiz.__version__}-py3-none-any.whl"
OTHER = "soxr-1.1.0-cp312-abi3-win_amd64.whl"


def test_manifest() -> None:
    manifest = tomllib.loads(extension.MANIFEST.read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest["version"] == phiz.__version__ == project["version"]
    assert manifest["id"] == "phiz" and manifest["blender_version_min"] == "4.2.0"
    assert "Blender" not in manifest["name"]
    for sentence in (manifest["tagline"], *manifest["permissions"].values()):
        assert 0 < len(sentence) <= 64 and sentence[-1].isalnum()


def test_zip_is_the_same_every_time(tmp_path: Path) -> None:
    brought = made_up(tmp_path, OURS, OTHER)
    first = extension.build("windows-x64", brought, tmp_path)
    assert first.name == f"phiz-{phiz.__version__}-windows-x64.zip"
    data = first.read_bytes()
    assert extension.build("windows-x64", brought[::-1], tmp_path).read_bytes() == data
    with zipfile.ZipFile(first) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
        names = archive.namelist()
        assert archive.read(f"wheels/{OTHER}") == OTHER.encode()
    assert manifest["wheels"] == [f"./wheels/{OURS}", f"./wheels/{OTHER}"]
    assert manifest["platforms"] == ["windows-x64"] and manifest["permissions"]["files"]
    assert {"__init__.py", "keyframes.py", *(f"wheels/{path.name}" for path in brought)} < set(names)
    assert "headless.py" not in names and not any("__pycache__" in name for name in names)


def test_zip_whole_or_not_at_all(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(ExtensionError, match=r"the wheel is missing"):
        extension.build("linux-x64", made_up(tmp_path, OTHER), tmp_path)
    with pytest.raises(ExtensionError, match=r"9\.9"):
        extension.build("linux-x64", made_up(tmp_path, "phiz-9.9-py3-none-any.whl"), tmp_path)
    monkeypatch.setattr(extension, "LARGEST", 1000)
    with pytest.raises(ExtensionError, match="MB"):
        extension.build("linux-x64", made_up(tmp_path, OURS), tmp_path)
    assert not list(tmp_path.glob("*.zip")) and not list(tmp_path.glob("*.partial"))


def test_damaged_wheel_is_not_packed(tmp_path: Path) -> None:
    made_up(tmp_path, *LOCK["linux-x64"])
    pip_that_fails = tmp_path / "python"
    pip_that_fails.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    pip_that_fails.chmod(0o755)
    with pytest.raises(ExtensionError, match="no network"):
        extension.wheels(pip_that_fails, "linux-x64", tmp_path)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_lock_is_complete(platform: str) -> None:
    """Every package once for every Python, for systems as old as the Blenders that run on them."""
    wanted = {tuple(package.split("==")) for package in PACKAGES}
    for python in PLATFORMS[platform].pythons:
        here = [name for name in LOCK[platform] if fits(name, python)]
        assert sorted(tuple(name.split("-")[:2]) for name in here) == sorted(wanted)
    for name in LOCK[platform]:
        tags = name.removesuffix(".whl").split("-")[-1].split(".")
        assert tags == ["any"] or any(oldest(tag) for tag in tags), name


def fits(name: str, python: str) -> bool:
    tag, abi = name.removesuffix(".whl").split("-")[-3:-1]
    number = int(python.replace(".", ""))
    if tag.endswith("py3"):
        return True
    return tag == f"cp{number}" or (abi == "abi3" and int(tag.removeprefix("cp")) <= number)


def oldest(tag: str) -> bool:
    if tag.startswith("manylinux_"):
        return tuple(map(int, tag.split("_")[1:3])) <= (2, 28)
    if tag.startswith("macosx_"):
        return int(tag.split("_")[1]) <= 13
    return tag == "win_amd64"


def test_all_that_is_imported_is_packed() -> None:
    packed = {package.split("==")[0] for package in PACKAGES}
    known = packed | set(sys.stdlib_module_names) | {"numpy", "phiz", "bpy", "bpy_extras", "mathutils"}
    layers = ("face", "audio", "acting", "motion", "runtime", "worker")
    sources = [path for layer in layers for path in (ROOT / "core/phiz" / layer).rglob("*.py")]
    sources += extension.ADDON.rglob("*.py")
    for path in sources:
        if path.name in ("plot.py", *extension.NOT_PACKED):  # `phiz plot` is not for Blender
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= known, path


# ---- in Blender --------------------------------------------------------------------------------------


def requirements(name: str) -> set[str]:
    """A distribution and all that it requires here."""
    try:
        needed = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:  # for other Pythons or systems
        return set()
    words = [re.match(r"[\w.-]+", text) for text in needed if "extra ==" not in text]
    return {name}.union(*(requirements(word[0]) for word in words if word))


@pytest.fixture(scope="module")
def blenders_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with bpy and what bpy requires, and nothing else: least of all phiz."""
    pytest.importorskip("bpy", reason="no bpy in this Python: the extension is not installed")
    folder = tmp_path_factory.mktemp("blender")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in requirements("bpy"):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (site / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder / "bin/python"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for this machine, made from the tree as it is."""
    platform = extension.this_platform()
    if platform is None or os.name == "nt":
        pytest.skip(f"the extension is not installed on {sys.platform}")
    try:
        brought = extension.wheels(PYTHON, platform)
    except ExtensionError as error:
        pytest.skip(f"THE EXTENSION WAS NOT INSTALLED: its wheels are not at hand ({error})")
    out = tmp_path_factory.mktemp("dist")
    return extension.build(platform, [extension.phiz_wheel(PYTHON, out), *brought], out)


def test_validator(archive: Path, tmp_path: Path) -> None:
    pytest.importorskip("bpy", reason="no bpy in this Python: no validator")
    said: list[str] = []
    extension.validate(archive, Path(sys.prefix), said.append)
    assert not said
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as made:
        made.writestr("blender_manifest.toml", extension.MANIFEST.read_text().replace("4.2.0", "four"))
    with pytest.raises(ExtensionError, match="blender_version_min"):
        extension.validate(broken, Path(sys.prefix), said.append)


def test_installed_extension_acts(blenders_python: Path, archive: Path, tmp_path: Path) -> None:
    resources, report = tmp_path / "blender", tmp_path / "report.json"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [blenders_python, ROOT / "tests/installed_extension.py", archive, VOICE, report],
        cwd=tmp_path,
        env={**clean, "BLENDER_USER_RESOURCES": str(resources)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["before"] is False, "phiz was there before the extension came"
    for name, origin in found["origins"].items():
        assert Path(origin).is_relative_to(resources / "extensions"), name
    assert found["generated"] == ["FINISHED"]
    assert found["frames"] > 24 and found["moved"] > 0.2
    assert found["apart"] <= 1e-6
    assert not found["written_to"], "the extension's own folder was written to"
    assert not found["left"], "a property outlived the extension"


def test_command_in_a_real_blender(archive: Path, tmp_path: Path) -> None:
    program = blender_program.find()
    if program is None:
        pytest.skip("NO BLENDER TRIED ITS COMMAND LINE: none of 4.2 or later; name its program in BLENDER")
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "resources")}

    def blender(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [program, "--command", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    installed = blender("extension", "install-file", "--repo", "user_default", "--enable", archive)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    acted = blender("phiz", "generate", "--head", "--audio", VOICE, "--save", "acted.blend")
    assert acted.returncode == 0, acted.stdout + acted.stderr
    assert (tmp_path / "acted.blend").stat().st_size > 500_000
    wrong = blender("phiz", "generate", "--head", "--audio", "none.wav", "--save", "none.blend")
    assert wrong.returncode == 2
    assert "phiz: There is no file none.wav" in wrong.stderr and "Traceback" not in wrong.stderr
    assert not (tmp_path / "none.blend").exists()

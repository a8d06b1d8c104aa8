"""Everything a developer or a curious visitor does with this tree, with the standard library alone.

    python build.py demo      set up without torch, generate from a short recording, render a talking head
    python build.py test      set up everything, then ruff, pyright and pytest
    python build.py bench     measure speed: recordings, live, the worker, a batch, keys in Blender
    python build.py package   build the wheel, and the Blender extension for every platform, into dist/
    python build.py versions  run the tests that need Blender in every Blender that Phiz supports
    python build.py lock      write down anew which wheels the extension brings, after a change of versions

All of it happens in .venv beside this file; a second run finds it ready.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from core.phiz import blender as installed_blender  # of the package, this stands on nothing else
from export import extension

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "phiz-installed.json"
DEMO = ROOT / "demo_output"
DIST = ROOT / "dist"

# bpy wheels exist for one Python each; 4.5 is a long-term release, and needs numpy below 2.
BPY = {(3, 11): ["bpy>=4.5,<4.6", "numpy<2"], (3, 13): ["bpy>=5.1,<5.3"]}
# Blenders that `versions` tests: their Python and, where pip would take another, their numpy. 5.1 is as 5.2.
BLENDERS = {
    "4.2": ((3, 11), ["bpy==4.2.*", "numpy==1.24.*"]),
    "4.5": ((3, 11), ["bpy==4.5.*", "numpy==1.26.*"]),
    "5.0": ((3, 11), ["bpy==5.0.*", "numpy==1.26.*"]),
    "5.2": ((3, 13), ["bpy==5.2.*"]),
}
# pytest that ends when its tests do: on its own way out bpy may crash (4.2) or hang (4.5).
PYTEST = "import os, sys, pytest; status = pytest.main(sys.argv[1:]); sys.stdout.flush(); os._exit(status)"
# Over all cores, a file on one: what a file's fixtures train and what its bpy holds serve all of its tests.
SPREAD = ("--numprocesses", "auto", "--dist", "loadfile")
NEEDS_BLENDER = 'importorskip("bpy"'
# What bpy loads from a Linux system, in Debian's names.
LIBRARIES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libegl1 libgl1-mesa-dri"


class BuildError(Exception):
    """Something the user can mend; the message is one line."""


def say(line: str) -> None:
    print(line, flush=True)


def run(*command: str | Path, check: bool = True) -> int:
    """Run a command in the root of the tree, its output shown; BuildError where it fails and check is on."""
    words = [str(word) for word in command]
    status = subprocess.run(words, cwd=ROOT, check=False).returncode
    if check and status:
        raise BuildError(f"{' '.join(words)} ended with exit code {status}.")
    return status


# ---- environment -------------------------------------------------------------------------------------


def install(group: str, wanted: list[str]) -> None:
    """Bring `wanted` (pip's words) into .venv, unless its stamp says that this was done."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file runs before pip could refuse)
        raise BuildError(f"Phiz needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    if not PYTHON.exists():
        say(f"making {VENV.name} with Python {sys.version.split()[0]}")
        venv.create(VENV, with_pip=True)
    key = hashlib.sha256(json.dumps([wanted, (ROOT / "pyproject.toml").read_text()]).encode()).hexdigest()
    stamps = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    if stamps.get(group) == key:
        return
    say(f"installing what `{group}` needs")
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
    STAMP.write_text(json.dumps({**stamps, group: key}))


def interpreter() -> tuple[int, int]:
    """Version of the Python in .venv, or of this one where there is none yet."""
    if not PYTHON.exists():
        return sys.version_info[:2]
    settings = (VENV / "pyvenv.cfg").read_text()
    version = re.search(r"^version\S* *= *(\d+)\.(\d+)", settings, re.MULTILINE)
    if version is None:
        raise BuildError(f"{VENV / 'pyvenv.cfg'} names no version. Remove {VENV} and run this again.")
    return int(version[1]), int(version[2])


def blender() -> list[str | Path] | None:
    """What runs `phiz generate` in Blender: bpy in the Python of .venv, or else a Blender found here."""
    bpy = BPY.get(interpreter())
    if bpy:
        try:
            install("bpy", bpy)
        except BuildError:
            say(f"no bpy wheel for this machine ({sys.platform}): looking for a Blender")
        else:
            trial = subprocess.run(
                [str(PYTHON), "-c", "import bpy"], capture_output=True, text=True, check=False
            )
            if trial.returncode == 0:
                return [PYTHON, ROOT / "blender_addon/headless.py"]
            reason = trial.stderr.strip().splitlines()[-1] if trial.stderr.strip() else "it crashed"
            say(f"bpy does not start ({reason}); on Debian: apt-get install {LIBRARIES}")
    else:
        say(f"no bpy wheel for Python {'.'.join(map(str, interpreter()))}: looking for a Blender")
    found = installed_blender.find()
    return None if found is None else with_extension(found)


def with_extension(program: str) -> list[str | Path] | None:
    """The same in an installed Blender, with the extension in a place apart from the user's own."""
    platform = extension.this_platform()
    if platform is None:
        return None
    os.environ["BLENDER_USER_RESOURCES"] = str(VENV / "blender-user")
    say("installing the extension, apart from what you have in Blender")
    with tempfile.TemporaryDirectory() as folder:
        wheels = [extension.phiz_wheel(PYTHON, Path(folder)), *extension.wheels(PYTHON, platform)]
        archive = extension.build(platform, wheels, Path(folder))
        run(program, "--command", "extension", "install-file", "--repo", "user_default", "--enable", archive)
    return [program, "--command", "phiz"]


# ---- commands ----------------------------------------------------------------------------------------


def demo() -> int:
    install("demo", ["-e", "."])
    runner = blender()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    voice, take = ROOT / "docs/demo/voice.flac", DEMO / "take.npz"
    direction = ROOT / "docs/demo/direction.json"
    run(PYTHON, "-m", "phiz", "generate", voice, "--direction", direction, "-o", take)
    run(
        PYTHON,
        "-c",
        f"from phiz.motion import take; take.load({str(take)!r}).save({str(DEMO / 'take.csv')!r})",
    )
    run(PYTHON, "-m", "phiz", "plot", take, "--audio", voice, "-o", DEMO / "plot.png")
    if runner is None:
        say("no Blender found, so no .blend and no video: use Python 3.11 or 3.13, or install Blender")
    else:
        shutil.copy(voice, DEMO)
        made = ["--save", DEMO / "talking_head.blend", "--video", DEMO / "talking_head.mp4"]
        run(*runner, "generate", "--head", "--take", take, "--audio", DEMO / voice.name, *made)
    say("the demo is in:")
    for made in sorted(DEMO.iterdir()):
        say(f"  {made}")
    return 0


def test(arguments: list[str]) -> int:
    install("test", ["-e", ".[train,video,batch,dev]", *BPY.get(interpreter(), [])])
    failed = run(PYTHON, "-m", "ruff", "check", ".", check=False)
    failed |= run(PYTHON, "-m", "ruff", "format", "--check", "--quiet", ".", check=False)
    failed |= run(PYTHON, "-m", "pyright", "--threads", check=False)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a core is a worker's; two threads in each wait in turn
    return run(PYTHON, "-c", PYTEST, *SPREAD, *arguments, check=False) or failed


def bench(arguments: list[str]) -> int:
    keys = BPY.get(interpreter(), [])
    install("bench", ["-e", ".[batch]", *keys])
    failed = run(PYTHON, "-m", "export.bench", *arguments, check=False)
    for module in ("bench_live", "bench_worker", "bench_batch"):
        failed |= run(PYTHON, "-m", f"export.{module}", check=False)
    return failed | run(PYTHON, "tests/bench_keys.py", check=False) if keys else failed


def package(platforms: list[str]) -> int:
    install("demo", ["-e", "."])
    DIST.mkdir(exist_ok=True)
    for old in DIST.glob("phiz-*"):
        old.unlink()
    made = [extension.phiz_wheel(PYTHON, DIST, films=True)]
    with tempfile.TemporaryDirectory() as folder:
        wheel = extension.phiz_wheel(PYTHON, Path(folder))
        for platform in platforms:
            say(f"packing the extension for {platform}")
            brought = extension.wheels(PYTHON, platform)
            made.append(extension.build(platform, [wheel, *brought], DIST))
            extension.validate(made[-1], VENV, say)
    for path in made:
        say(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


def python_program(version: tuple[int, int]) -> str | None:
    """A Python of this version, if one is here and runs."""
    if sys.version_info[:2] == version:
        return sys.executable
    found = shutil.which("python{}.{}".format(*version))
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return found
    return None


def versions(arguments: list[str]) -> int:
    """Every Blender in an environment of its own, and in each the tests that need one; a table at the end."""
    tests = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if NEEDS_BLENDER in path.read_text()]
    results: dict[str, str] = {}
    for blender, (python, packages) in BLENDERS.items():
        program = python_program(python)
        if program is None:
            results[blender] = "no Python {}.{} here".format(*python)
            continue
        folder = VENV / f"blender-{blender}"
        inside = folder / PYTHON.relative_to(VENV)
        if not (folder / "ready").exists():
            say(f"making {folder}")
            run(program, "-m", "venv", "--clear", folder)
            wanted = ["-e", ".", "pytest>=8", *packages]
            run(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
            (folder / "ready").touch()
        say(f"Blender {blender}")
        command = [str(inside), "-c", PYTEST, *map(str, tests), *arguments]
        last = "nothing"
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                say(line.rstrip())
                last = line.strip("= \n") or last
        results[blender] = last if running.returncode == 0 else f"FAILED: {last}"
    for blender, result in results.items():
        say(f"Blender {blender}: {result}")
    return int(any(result.startswith("FAILED") for result in results.values()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("demo", "test", "bench", "package", "versions", "lock"))
    parser.add_argument(
        "--platform", nargs="+", choices=extension.PLATFORMS, help="of `package` (default: all)"
    )
    options, rest = parser.parse_known_args()
    if rest and options.command in ("demo", "package", "lock"):
        parser.error(f"{options.command} takes no further arguments; got {' '.join(rest)}")
    if options.platform and options.command != "package":
        parser.error("--platform is an option of package")
    try:
        if options.command == "demo":
            return demo()
        if options.command == "package":
            return package(options.platform or list(extension.PLATFORMS))
        if options.command == "lock":
            install("demo", ["-e", "."])
            extension.write_lock(PYTHON)
            return 0
        return {"test": test, "bench": bench, "versions": versions}[options.command](rest)
    except (BuildError, extension.ExtensionError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

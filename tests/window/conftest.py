"""A Blender with a window, the extension installed from its zip, and a picture of every failure."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import blender_window
import pytest
from blender_window import Screen, Window

from export import extension


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user folder of Blender's in which the extension is installed, from a zip of the tree as it is."""
    _needs(blender_window.missing())
    platform = extension.this_platform()
    assert platform is not None
    resources, out = tmp_path_factory.mktemp("resources"), tmp_path_factory.mktemp("dist")
    python = Path(sys.executable)
    try:
        brought = extension.wheels(python, platform)
    except extension.ExtensionError as error:
        _needs([f"the extension's wheels ({error})"])
        raise
    archive = extension.build(platform, [extension.phiz_wheel(python, out), *brought], out)
    blender_window.install(archive, resources)
    return resources


@pytest.fixture(scope="session")
def window(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    screen = Screen()
    try:
        opened = Window(screen, tmp_path_factory.mktemp("window"), installed)
        try:
            yield opened
        finally:
            opened.close()
    finally:
        screen.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Keep what the screen showed when a test failed."""
    report = yield
    window = getattr(item, "funcargs", {}).get("window")
    if report.failed and report.when == "call" and isinstance(window, Window):
        picture = window.folder / f"{item.name}.png"
        window.screen.picture(picture)
        report.sections.append(("The window", f"{picture}\n{window.log()[-4000:]}"))
    return report


def _needs(lacking: list[str]) -> None:
    if lacking:
        said = f"THE WINDOW WAS NOT TESTED: there is no {', no '.join(lacking)}"
        warnings.warn(said, stacklevel=2)  # a skip alone is a dot
        pytest.skip(said)

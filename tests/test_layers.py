"""The arrows of the design: each layer imports only what stands below it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    *("face", "audio", "acting", "motion", "runtime", "cotfa"),
    *("model", "video", "corpus", "train", "evaluate", "worker", "batch", "cli"),
)
# What Blender and the command line need, without torch.
LIGHT = (*LAYERS[: LAYERS.index("cotfa") + 1], "worker")
TORCH = {"torch", "diffusers", "transformers", "safetensors", "onnx", "pyworld", "pyroomacoustics"}
BLENDER = {"bpy", "bpy_extras", "mathutils", "aud"}

CORE = sorted((ROOT / "core/phiz").rglob("*.py"))
EXPORT = sorted((ROOT / "export").rglob("*.py"))
ADDON = sorted((ROOT / "blender_addon").rglob("*.py"))


def imported(source: str, package: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Dotted names that a module of `package` imports anywhere, also inside functions."""
    names: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            names |= {(*base, alias.name) for alias in node.names}  # the name may be a module itself
    return names


def imports_of(path: Path, source_root: Path) -> set[tuple[str, ...]]:
    return imported(path.read_text(encoding="utf-8"), path.relative_to(source_root).parent.parts)


def layer_of(name: tuple[str, ...]) -> str | None:
    """Layer of a name such as ("phiz", "audio", "mel"); None for phiz itself and its errors."""
    return name[1] if name[0] == "phiz" and len(name) > 1 and name[1] in LAYERS else None


def test_every_folder_is_a_layer() -> None:
    folders = {
        path.name for path in (ROOT / "core/phiz").iterdir() if path.is_dir() and any(path.glob("*.py"))
    }
    assert folders <= set(LAYERS)


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT / "core")))
def test_core_imports_downwards(path: Path) -> None:
    parts = path.relative_to(ROOT / "core").with_suffix("").parts
    own = "cli" if parts == ("phiz", "__main__") else layer_of(parts)
    height = LAYERS.index(own) if own else 0
    names = imports_of(path, ROOT / "core")
    upwards = {".".join(n) for n in names if (layer := layer_of(n)) and own and LAYERS.index(layer) > height}
    assert not upwards
    tops = {name[0] for name in names}
    assert not tops & (BLENDER | {"blender_addon", "export"})
    if own is None:
        assert not any(layer_of(name) for name in names), "phiz/*.py stands below every layer"
    if own is None or own in LIGHT:
        assert not tops & TORCH
        assert set(filter(None, map(layer_of, names))) <= set(LIGHT)


@pytest.mark.parametrize("path", EXPORT, ids=lambda path: path.name)
def test_export_knows_no_blender(path: Path) -> None:
    assert not {name[0] for name in imports_of(path, ROOT)} & (BLENDER | {"blender_addon"})


@pytest.mark.parametrize("path", ADDON, ids=lambda path: path.name)
def test_addon_needs_only_the_runtime_and_the_worker(path: Path) -> None:
    names = imports_of(path, ROOT)
    assert not {name[0] for name in names} & (TORCH | {"export"})
    assert set(filter(None, map(layer_of, names))) <= set(LIGHT)


def test_relative_imports_are_seen() -> None:
    assert imported("from ..model import dit", ("phiz", "audio")) == {("phiz", "model", "dit")}
    assert imported("def f():\n    import torch.nn", ("phiz",)) == {("torch", "nn")}


def test_light_layers_load_without_torch_and_bpy() -> None:
    """In a fresh Python in which these packages do not exist."""
    modules = []
    for path in CORE:
        parts = path.relative_to(ROOT / "core").with_suffix("").parts
        if layer_of(parts) in LIGHT and parts[-1] != "__main__":
            modules.append(".".join(parts).removesuffix(".__init__"))
    absent = sorted(TORCH | BLENDER)
    program = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import {', '.join(modules)}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "core", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

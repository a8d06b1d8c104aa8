# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Several performances on one face: what is done to the one in use, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

import blender_addon  # noqa: E402
from blender_addon import ownership, performance, variations  # noqa: E402
from phiz.face.channels import CHANNELS  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

START, RATE, FRAMES = 1.0, 24.0, 24


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def face() -> Any:
    """A triangle with all shape keys, that turns with the head."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    made = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(made)
    for name in ("Basis", *CHANNELS):
        made.shape_key_add(name=name, from_mix=False).value = 0.0
    made.phiz.head_object = made
    return made


def takes(count: int) -> list[Take]:
    random = np.random.default_rng(4)
    return [
        Take(random.random((FRAMES, 51), np.float32), random.random((FRAMES, 3), np.float32), RATE)
        for _ in range(count)
    ]


def place(face: Any, made: list[Take], span: tuple[float, float] | None = None) -> None:
    performance.place(bpy.context.scene, face, made, 5, START, span)


@pytest.mark.parametrize("change", ["range", "adjust"])
def test_what_is_changed_stays_a_choice(face: Any, change: str) -> None:
    scene, keys = bpy.context.scene, face.data.shape_keys
    place(face, takes(3))
    count = len(bpy.data.actions)
    assert list(variations.seeds(keys)) == [5, 6, 7] and variations.chosen(keys) == 5
    if change == "range":
        place(face, takes(4)[3:], span=(8.0, 12.0))
    else:
        face.phiz.strength_mouth = 0.5
        performance.adjust(scene, face)
    changed = ownership.owned(keys)
    assert len(bpy.data.actions) == count, "what it was made from is gone"
    assert list(variations.seeds(keys)) == [5, 6, 7] and variations.chosen(keys) == 5
    owners = performance.owners(scene, face)
    variations.choose(owners, 6)
    assert ownership.owned(keys) != changed
    assert changed is not None and changed.use_fake_user, "it would be lost on saving"
    variations.choose(owners, 5)
    assert ownership.owned(keys) == changed
    place(face, takes(1))
    assert len(bpy.data.actions) == 2, "one for the shape keys, one for the turns"

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""A head as a file: the shipped data, glTF, ICT-FaceKit's folder, and the command that writes them."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.cli import head as cli_head
from phiz.cli import main
from phiz.face import ict
from phiz.face.channels import CHANNELS, COUNT, INDEX, TONGUE
from phiz.face.head import VARIATIONS, Head, demo_head, shipped
from phiz.face.head.normals import triangles, vertex_normals
from phiz.motion import glb
from phiz.motion.take import Take

BOTH = "jawOpen mouthFunnel"


@pytest.fixture(scope="module")
def head() -> Head:
    """The built head, with a corrective of our own."""
    built = demo_head()
    return replace(
        built,
        correctives={**built.correctives, BOTH: (("jawOpen", "mouthFunnel"), 0.1 * built.keys["jawOpen"])},
    )


def same(one: Head, other: Head) -> None:
    """Equal within what the data leave out."""
    assert one.faces == other.faces and one.materials == other.materials
    assert np.array_equal(one.material_index, other.material_index)
    assert list(one.keys) == list(other.keys) and list(one.correctives) == list(other.correctives)
    np.testing.assert_allclose(one.vertices, other.vertices, atol=5e-6)
    np.testing.assert_allclose(one.uvs, other.uvs, atol=1e-5)
    for name, delta in other.keys.items():
        np.testing.assert_allclose(one.keys[name], delta, atol=0.51 * shipped.STEP, err_msg=name)
    for name, (drivers, delta) in other.correctives.items():
        assert one.correctives[name][0] == drivers
        np.testing.assert_allclose(one.correctives[name][1], delta, atol=0.51 * shipped.STEP, err_msg=name)


def test_a_head_survives_being_packed(head: Head, tmp_path: Path) -> None:
    path, before = tmp_path / "heads.npz", tmp_path / "none"
    other = replace(head, keys={name: 0.5 * delta for name, delta in head.keys.items()})
    for _ in range(2):
        with open(path, "wb") as stream:
            shipped.write({"woman": head, "man": other}, stream)
        before, path = path, tmp_path / "again.npz"
    assert before.read_bytes() == (tmp_path / "heads.npz").read_bytes()
    same(shipped.load("woman", before), head)
    same(shipped.load("man", before), other)
    with pytest.raises(shipped.ShippedError, match="Cannot read"):
        shipped.load("elder", before)
    with pytest.raises(shipped.ShippedError, match="no head 'dragon'"):
        shipped.load("dragon")
    with open(path, "wb") as stream, pytest.raises(shipped.ShippedError, match="raise STEP"):
        shipped.write({"woman": replace(head, keys={"jawOpen": 3 * head.keys["jawOpen"]})}, stream)


def test_the_shipped_heads_are_what_the_code_builds() -> None:
    """After a change of the head: `python -m phiz.face.head.build`."""
    if not shipped.DATA.exists():
        pytest.skip("the heads were not built yet")
    assert shipped.DATA.stat().st_size < 4_000_000
    for name in VARIATIONS:
        same(shipped.load(name), demo_head(name))


def test_normals_of_a_ball() -> None:
    azimuth, height = np.meshgrid(np.arange(24) * np.pi / 12, np.linspace(0.2, np.pi - 0.2, 12))
    ball = np.stack([np.sin(height) * np.cos(azimuth), np.sin(height) * np.sin(azimuth), np.cos(height)], -1)
    faces = [
        (24 * r + c, 24 * (r + 1) + c, 24 * (r + 1) + (c + 1) % 24, 24 * r + (c + 1) % 24)
        for r in range(11)
        for c in range(24)
    ]
    corners, whose = triangles([*faces, (0, 1, 2)])
    assert len(whose) == 2 * len(faces) + 1 and (whose[:4] == (0, 0, 1, 1)).all()
    assert corners[-1].tolist() == [4 * len(faces) + i for i in range(3)]
    table = np.concatenate(faces)[corners[:-1]]
    normals = vertex_normals(ball.reshape(-1, 3).astype(np.float32), table)
    inner = slice(24, -24)
    assert (normals[inner] * ball.reshape(-1, 3)[inner]).sum(1).min() > 0.995
    lonely = vertex_normals(np.zeros((4, 3), np.float32), np.array([[0, 1, 2]]))
    assert np.isfinite(lonely).all()


def read_glb(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The scene of a .glb, and all its accessors as arrays."""
    data = path.read_bytes()
    magic, version, length, size, kind = struct.unpack_from("<IIIII", data)
    assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
    scene, binary = json.loads(data[20 : 20 + size]), data[28 + size :]
    types = {5126: np.float32, 5123: np.uint16, 5125: np.uint32}

    def view(number: int, kind: int, count: int) -> np.ndarray:
        there = scene["bufferViews"][number]
        assert there["byteOffset"] % 4 == 0
        return np.frombuffer(binary, types[kind], count, there["byteOffset"])

    arrays = []
    for accessor in scene["accessors"]:
        width, kind = (
            {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]],
            accessor["componentType"],
        )
        array = np.zeros(accessor["count"] * width, types[kind])
        if "bufferView" in accessor:
            array = view(accessor["bufferView"], kind, len(array))
        array = array.reshape(-1, width).copy()
        if sparse := accessor.get("sparse"):
            at = view(sparse["indices"]["bufferView"], sparse["indices"]["componentType"], sparse["count"])
            array[at] = view(sparse["values"]["bufferView"], kind, sparse["count"] * width).reshape(-1, width)
        if "min" in accessor:
            assert array.min(0).tolist() == accessor["min"] and array.max(0).tolist() == accessor["max"]
        arrays.append(array)
    return scene, arrays


def turned(points: np.ndarray) -> np.ndarray:
    """Blender's axes to glTF's."""
    return points @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)


def take() -> Take:
    weights = np.zeros((4, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]] = (0, 0.5, 1, 0.2)
    weights[:, INDEX["mouthFunnel"]] = 0.5
    head = np.zeros((4, 3))
    head[1] = 0.5, 0, 0
    head[2] = 0, 0.4, 0.3
    return Take(weights, head, 25.0)


@pytest.fixture(scope="module")
def talking(head: Head, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The head as glTF, acting a Take."""
    path = tmp_path_factory.mktemp("glb") / "head.glb"
    glb.save(head, path, take())
    return path


def test_glb_holds_the_head(head: Head, talking: Path) -> None:
    scene, arrays = read_glb(talking)
    mesh = scene["meshes"][0]
    names = mesh["extras"]["targetNames"]
    assert names == [*head.keys, *head.correctives] and len(mesh["weights"]) == len(names)
    where: dict[tuple[float, ...], list[int]] = {}  # the lips touch: several vertices lie in one place
    for i, place in enumerate(turned(head.vertices).tolist()):
        where.setdefault(tuple(place), []).append(i)
    corners = faces = 0
    for part in mesh["primitives"]:
        place = arrays[part["attributes"]["POSITION"]]
        own = [where[tuple(vertex)] for vertex in place.tolist()]
        table = arrays[part["indices"]].reshape(-1, 3)
        assert table.max() == len(place) - 1
        corners += len(place)
        faces += len(table)
        assert len(part["targets"]) == len(names)
        for name in ("jawOpen", "eyeBlinkLeft", BOTH):
            delta = head.keys[name] if name in head.keys else head.correctives[name][1]
            target = part["targets"][names.index(name)]
            wanted = turned(delta)
            for moved, possible in zip(arrays[target["POSITION"]], own, strict=True):
                assert np.abs(wanted[possible] - moved).max(1).min() < 3e-6, name
            normal = arrays[part["attributes"]["NORMAL"]] + arrays[target["NORMAL"]]
            np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=0.01)
    assert faces == sum(len(face) - 2 for face in head.faces) and corners >= len(head.vertices)
    materials = {material["name"]: material for material in scene["materials"]}
    assert materials["cornea"]["alphaMode"] == "BLEND" and "alphaMode" not in materials["skin"]
    assert "KHR_materials_clearcoat" in materials["teeth"]["extensions"]


def test_glb_acts_a_take(talking: Path) -> None:
    scene, arrays = read_glb(talking)
    names = scene["meshes"][0]["extras"]["targetNames"]
    (animation,) = scene["animations"]
    outputs = {
        channel["target"]["path"]: arrays[animation["samplers"][channel["sampler"]]["output"]]
        for channel in animation["channels"]
    }
    weights = outputs["weights"].reshape(4, len(names))
    np.testing.assert_allclose(weights[:, names.index("jawOpen")], (0, 0.5, 1, 0.2), atol=1e-6)
    np.testing.assert_allclose(weights[:, names.index(BOTH)], (0, 0.25, 0.5, 0.1), atol=1e-6)
    assert not weights[:, names.index("browInnerUp")].any()
    times = arrays[animation["samplers"][0]["input"]]
    np.testing.assert_allclose(times.ravel(), np.arange(4) / 25, atol=1e-6)
    x, y, z, w = outputs["rotation"][1]  # a yaw to the character's left turns the nose, +z, to +x
    np.testing.assert_allclose((x, y, z, w), (0, np.sin(0.25), 0, np.cos(0.25)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(outputs["rotation"], axis=1), 1, atol=1e-6)


def test_quaternions_are_blenders() -> None:
    bpy = pytest.importorskip("bpy", reason="no bpy in this Python")
    from mathutils import Matrix

    from blender_addon.rotation import head_rotation

    assert bpy.app.version >= (4, 2)
    head = np.random.default_rng(2).uniform(-1.2, 1.2, (6, 3))
    swap = Matrix(((1, 0, 0), (0, 0, 1), (0, -1, 0)))
    for turn, (x, y, z, w) in zip(head_rotation(head), glb.quaternions(head), strict=True):
        wanted = (swap @ turn @ swap.transposed()).to_quaternion()
        assert abs(np.dot((w, x, y, z), wanted)) == pytest.approx(1, abs=1e-5)


def test_blender_reads_the_glb(head: Head, talking: Path) -> None:
    bpy = pytest.importorskip("bpy", reason="no bpy in this Python: the glTF is not imported")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(talking))
    (mesh,) = (thing for thing in bpy.data.objects if thing.type == "MESH")
    blocks = mesh.data.shape_keys.key_blocks
    assert [block.name for block in blocks][1:] == [*CHANNELS, TONGUE, *head.correctives]
    at = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", at)
    np.testing.assert_allclose(np.ptp(at.reshape(-1, 3), axis=0), np.ptp(head.vertices, axis=0), atol=1e-5)
    opened = np.empty_like(at)
    blocks["jawOpen"].data.foreach_get("co", opened)
    fall = (opened - at).reshape(-1, 3)
    assert fall[:, 2].min() == pytest.approx(head.keys["jawOpen"][:, 2].min(), abs=1e-5)
    assert {slot.material.name for slot in mesh.material_slots} >= {"skin", "teeth", "eye white"}


def obj(path: Path, points: np.ndarray, faces: str = "") -> None:
    lines = [
        "mtllib ICTFaceModelMaterial.mtl",
        *("v {:.6f} {:.6f} {:.6f}".format(*point) for point in points),
    ]
    path.write_text("\n".join([*lines, faces]) + "\n")


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A small mesh in the layout of ICT-FaceKit's FaceXModel; each expression lifts another vertex."""
    rest = np.array([(-1, -5, 10), (1, -5, 10), (1, 6, 10), (-1, 6, 10), (0, -3.2, 10.5), (0.4, -3.4, 10.5)])
    places = "\n".join(f"vt {i / 8} {i / 16}" for i in range(6))
    faces = f"{places}\nusemtl M_Face\nf 1/1 2/2 3/3 4/4\nf 1/1 6/6 5/5"
    return made_kit(tmp_path, rest, faces)


def made_kit(place: Path, rest: np.ndarray, faces: str) -> Path:
    folder = place / "ICT-FaceKit" / "FaceXModel"
    folder.mkdir(parents=True)
    obj(folder / ict.NEUTRAL, rest, faces)
    for number, channel in enumerate(CHANNELS):
        moved = rest.copy()
        moved[number % len(rest), 1] += 1 + number
        name = channel
        if channel not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            name = channel.replace("Left", "_L").replace("Right", "_R")
        if name in ("browInnerUp", "cheekPuff"):
            obj(folder / f"{name}_R.obj", moved)
            name += "_L"
        obj(folder / f"{name}.obj", moved)
    return folder


def test_ict_facekit_becomes_a_head(kit: Path) -> None:
    head = ict.load(kit)
    assert list(head.keys) == list(CHANNELS)
    np.testing.assert_allclose(head.vertices[0], (-0.01, -0.10, -0.05), atol=1e-7)
    assert [head.materials[i][0] for i in head.material_index] == ["skin", "lips"]
    assert head.faces == [(0, 1, 2, 3), (0, 5, 4)]
    np.testing.assert_allclose(head.uvs[4:], [(0, 0), (5 / 8, 5 / 16), (4 / 8, 4 / 16)])
    for number, channel in enumerate(CHANNELS):
        twice = 2 if channel in ("browInnerUp", "cheekPuff") else 1  # both sides of it were read
        lift = head.keys[channel][:, 2]
        assert lift[number % 6] == pytest.approx(0.01 * twice * (1 + number), abs=1e-6), channel
        assert np.count_nonzero(head.keys[channel]) == 1
    again = ict.load(kit.parent)  # the whole download
    assert np.array_equal(again.vertices, head.vertices)


def test_an_iris_lies_behind_a_clear_cornea(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ict, "_PARTS", ((0, "eye white"), (8, "iris")))
    monkeypatch.setattr(ict, "_EYES", ((0, 16), (16, 16)))
    shell = np.array(
        [(-1, -1, -1), (1, 1, -1), (0.1, 0, 1), (0, 0.1, 1), (0, 0, 1), (1, 0, 0), (0, 1, 0), (-1, 0, 0)]
    )
    rest = np.concatenate([shell, 0.9 * shell])
    rest[[0, 8]] = (-1, -1, -1), (-0.9, -0.9, -0.9)
    kit = made_kit(tmp_path, rest, "f 3 4 5\nf 6 7 8\nf 11 12 13\nf 14 15 16")
    head = ict.load(kit)
    named = [head.materials[i][0] for i in head.material_index]
    assert named == ["cornea", "eye white", "pupil", "eye white"]


def test_an_old_ict_facekit_has_cheek_raisers(kit: Path) -> None:
    for side in "LR":
        (kit / f"cheekSquint_{side}.obj").rename(kit / f"cheekRaiser_{side}.obj")
    assert ict.load(kit).keys["cheekSquintLeft"].any()


def test_a_broken_ict_facekit_is_named(kit: Path, tmp_path: Path) -> None:
    def fails(said: str) -> None:
        with pytest.raises(ict.IctError, match=said):
            ict.load(kit)

    with pytest.raises(ict.IctError, match=r"Expected generic_neutral_mesh\.obj"):
        ict.load(tmp_path)
    kept = (kit / "jawOpen.obj").read_text()
    (kit / "jawOpen.obj").unlink()
    fails(r"lacks jawOpen\.obj\.")
    (kit / "mouthClose.obj").rename(kit / "x")
    fails(r"lacks jawOpen\.obj and 1 more")
    (kit / "x").rename(kit / "mouthClose.obj")
    (kit / "jawOpen.obj").write_text(kept.replace("v 1.0", "v one", 1))
    fails("not 3 numbers")
    (kit / "jawOpen.obj").write_text(kept[: kept.rindex("v ")])
    fails(r"has 5 vertices, generic_neutral_mesh\.obj has 6")
    (kit / "jawOpen.obj").write_text(kept)
    neutral = (kit / ict.NEUTRAL).read_text()
    (kit / ict.NEUTRAL).write_text(neutral.replace("f 1/1 6/6 5/5", "f 1/1 7/6 5/5"))
    fails("a vertex that is not there")
    (kit / ict.NEUTRAL).write_text(neutral[: neutral.index("vt ")])
    fails("no faces")


def test_phiz_head_on_the_command_line(
    kit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take().save(tmp_path / "line.npz")
    out = tmp_path / "real.glb"
    assert main(["head", "--ict", str(kit), "--take", str(tmp_path / "line.npz"), "-o", str(out)]) == 0
    scene, _ = read_glb(out)
    assert scene["meshes"][0]["extras"]["targetNames"] == list(CHANNELS) and scene["animations"]
    capsys.readouterr()
    for argv, said in (
        (["-o", "head.fbx"], "a .blend or a .glb"),
        (["-o", str(tmp_path / "a.glb"), "--ict", str(tmp_path)], "generic_neutral_mesh.obj"),
        (["-o", str(tmp_path / "a.blend"), "--ict", str(kit), "--take", "line.npz"], "is for a .glb"),
        (["-o", "a.glb", "--variation", "dragon"], "There is no head"),
    ):
        assert main(["head", *argv]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setattr(cli_head, "_HEADLESS", tmp_path / "none.py")
    monkeypatch.setattr(cli_head.blender, "find", lambda: None)
    assert main(["head", "-o", str(tmp_path / "a.blend")]) == 2
    assert "none was found" in capsys.readouterr().err


def test_phiz_head_writes_a_blend(tmp_path: Path) -> None:
    bpy = pytest.importorskip("bpy", reason="no bpy in this Python: no .blend is written")
    assert main(["head", "--variation", "man", "-o", str(tmp_path / "head.blend")]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    body = bpy.data.objects["Phiz"]
    assert [block.name for block in body.data.shape_keys.key_blocks][1:53] == [*CHANNELS, TONGUE]
    assert body.data.uv_layers and bpy.context.scene.camera is not None
    assert sum(thing.type == "LIGHT" for thing in bpy.data.objects) == 3

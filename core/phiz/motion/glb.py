"""A head, and a Take that moves it, as one binary glTF 2.0 file (.glb) with a morph target for every key.

Targets are named in `mesh.extras.targetNames`, in the order of `head.keys`; correctives follow, since glTF
has no drivers: in an animation their weights are written out. A target holds only what it moves (sparse
accessors). Axes are glTF's: +y up, the face looking along +z.
"""

from __future__ import annotations

import json
import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

import phiz
from phiz.face.channels import CHANNELS
from phiz.face.head.finishes import FINISHES, PLAIN_FINISH
from phiz.face.head.normals import triangles, vertex_normals
from phiz.writing import whole_file

if TYPE_CHECKING:
    from phiz.face.head import Head
    from phiz.motion.take import Take

_FLOAT, _USHORT, _UINT = 5126, 5123, 5125
_VERTICES, _INDICES = 34962, 34963  # what a buffer view is for
_STILL = 2e-6  # m: a vertex that moves less stays
_UNTURNED = 2e-3  # a normal that changes less stays
_CLEAR = 0.05  # opacity of glass: few viewers reflect on what is not there
_COAT_ROUGHNESS = 0.08


def save(head: Head, path: str | os.PathLike[str], take: Take | None = None, name: str = "Phiz") -> None:
    """Write the head, still or acting the Take, whole or not at all. Raises OutputError."""
    data = _Data()
    mesh = _mesh(head, data, name)
    scene: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": f"Phiz {phiz.__version__}"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": name, "mesh": 0}],
        "meshes": [mesh],
        "materials": [_material(*material) for material in head.materials],
    }
    used = {key for material in scene["materials"] for key in material.get("extensions", {})}
    if used:
        scene["extensionsUsed"] = sorted(used)
    if take is not None:
        scene["animations"] = [_animation(head, take, data, name)]
    scene |= {
        "accessors": data.accessors,
        "bufferViews": data.views,
        "buffers": [{"byteLength": len(data.bytes)}],
    }
    text = json.dumps(scene, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    with whole_file(path) as stream:
        stream.write(struct.pack("<III", 0x46546C67, 2, 28 + len(text) + len(data.bytes)))
        stream.write(struct.pack("<II", len(text), 0x4E4F534A) + text)
        stream.write(struct.pack("<II", len(data.bytes), 0x004E4942) + data.bytes)


class _Data:
    """The binary part of the file, and what describes it."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, array: np.ndarray, target: int | None = None) -> int:
        kind = {} if target is None else {"target": target}
        self.views.append({"buffer": 0, "byteOffset": len(self.bytes), "byteLength": array.nbytes} | kind)
        self.bytes += array.tobytes()
        self.bytes += b"\0" * (-len(self.bytes) % 4)
        return len(self.views) - 1

    def accessor(self, array: np.ndarray, *, target: int | None = None, bounds: bool = False) -> int:
        """An array of float32, uint16 or uint32, a row for each element; bounds: say least and largest."""
        described = self._described(array, bounds)
        self.accessors.append({"bufferView": self.view(array, target)} | described)
        return len(self.accessors) - 1

    def sparse(self, array: np.ndarray, rows: np.ndarray, *, bounds: bool) -> int:
        """(n, 3) float32 of which only these rows are not 0."""
        described = self._described(array, bounds)
        if len(rows):
            index = rows.astype(np.uint16 if len(array) < 1 << 16 else np.uint32)
            described["sparse"] = {
                "count": len(rows),
                "indices": {"bufferView": self.view(index), "componentType": _component(index)},
                "values": {"bufferView": self.view(np.ascontiguousarray(array[rows]))},
            }
        self.accessors.append(described)
        return len(self.accessors) - 1

    @staticmethod
    def _described(array: np.ndarray, bounds: bool) -> dict[str, Any]:
        kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[1 if array.ndim == 1 else array.shape[1]]
        described: dict[str, Any] = {
            "componentType": _component(array),
            "count": len(array),
            "type": kind,
        }
        if bounds:
            low, high = np.atleast_1d(array.min(0)), np.atleast_1d(array.max(0))
            described |= {"min": low.tolist(), "max": high.tolist()}
        return described


def _component(array: np.ndarray) -> int:
    return {"float32": _FLOAT, "uint16": _USHORT, "uint32": _UINT}[array.dtype.name]


def _turned(points: np.ndarray) -> np.ndarray:
    """Blender's axes to glTF's."""
    return np.ascontiguousarray(np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1), np.float32)


def _mesh(head: Head, data: _Data, name: str) -> dict[str, Any]:
    """One primitive for each material; a vertex stands once for each of its places on the texture."""
    at = np.concatenate([np.array(face, np.int64) for face in head.faces])  # (C,) vertex of each corner
    corners, whose = triangles(head.faces)
    table = at[corners]  # (T, 3)
    moves = {**head.keys, **{name: delta for name, (_, delta) in head.correctives.items()}}
    normal = vertex_normals(head.vertices, table)
    targets = [
        (_turned(delta), _turned(vertex_normals(head.vertices + delta, table) - normal))
        for delta in moves.values()
    ]
    vertices, normals = _turned(head.vertices), _turned(normal)
    primitives = []
    for material in range(len(head.materials)):
        used = corners[head.material_index[whose] == material].ravel()  # (3 T',) corners
        if not len(used):
            continue
        if len(head.uvs):
            places = np.column_stack([at[used].astype(np.float64), head.uvs[used]])
        else:
            places = at[used, None].astype(np.float64)
        unique, index = np.unique(places, axis=0, return_inverse=True)
        own = unique[:, 0].astype(np.int64)  # the head's vertex
        attributes = {
            "POSITION": data.accessor(vertices[own], target=_VERTICES, bounds=True),
            "NORMAL": data.accessor(normals[own], target=_VERTICES),
        }
        if len(head.uvs):
            uv = np.stack([unique[:, 1], 1.0 - unique[:, 2]], 1).astype(np.float32)
            attributes["TEXCOORD_0"] = data.accessor(uv, target=_VERTICES)
        small = np.uint16 if len(own) < 1 << 16 else np.uint32
        primitives.append(
            {
                "attributes": attributes,
                "indices": data.accessor(index.ravel().astype(small), target=_INDICES),
                "material": material,
                "targets": [_target(moved[own], turned[own], data) for moved, turned in targets],
            }
        )
    return {
        "name": name,
        "primitives": primitives,
        "weights": [0.0] * len(moves),
        "extras": {"targetNames": list(moves)},
    }


def _target(moved: np.ndarray, turned: np.ndarray, data: _Data) -> dict[str, int]:
    moves = np.abs(moved).max(1) > _STILL
    turns = np.abs(turned).max(1) > _UNTURNED
    moved, turned = moved * moves[:, None], turned * turns[:, None]
    return {
        "POSITION": data.sparse(moved, np.flatnonzero(moves), bounds=True),
        "NORMAL": data.sparse(turned, np.flatnonzero(turns), bounds=False),
    }


def _material(name: str, rgba: tuple[float, float, float, float], roughness: float) -> dict[str, Any]:
    surface = FINISHES.get(name, PLAIN_FINISH)
    alpha = _CLEAR if surface.clear else rgba[3]
    material: dict[str, Any] = {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*rgba[:3], alpha],
            "metallicFactor": 0.0,
            "roughnessFactor": roughness,
        },
    }
    if alpha < 1.0:
        material["alphaMode"] = "BLEND"
    else:
        material["doubleSided"] = True  # hair and lashes are open sheets
    if surface.coat:
        film = {"clearcoatFactor": surface.coat, "clearcoatRoughnessFactor": _COAT_ROUGHNESS}
        material["extensions"] = {"KHR_materials_clearcoat": film}
    return material


def _animation(head: Head, take: Take, data: _Data, name: str) -> dict[str, Any]:
    """Weights of all targets, and the head's turning, at each frame of the Take."""
    times = (np.arange(take.frames) / take.fps).astype(np.float32)
    weights = {key: np.zeros(take.frames, np.float32) for key in head.keys}
    weights |= {key: take.channel(key) for key in CHANNELS if key in weights}
    for key, (drivers, _) in head.correctives.items():
        weights[key] = np.prod([weights[driver] for driver in drivers], axis=0)
    at = data.accessor(times, bounds=True)
    every = np.ascontiguousarray(np.stack(list(weights.values()), 1).ravel(), np.float32)
    outputs = [data.accessor(every), data.accessor(quaternions(take.head))]
    return {
        "name": name,
        "samplers": [{"input": at, "output": output, "interpolation": "LINEAR"} for output in outputs],
        "channels": [
            {"sampler": sampler, "target": {"node": 0, "path": path}}
            for sampler, path in enumerate(("weights", "rotation"))
        ],
    }


def quaternions(head: np.ndarray) -> np.ndarray:
    """(frames, 3) yaw, pitch, roll in radians -> (frames, 4) float32 x, y, z, w in glTF's axes.

    Roll about +z first, then pitch about +x, then yaw about +y; neighbours lie on one half of the sphere.
    """
    half = np.asarray(head, np.float64) / 2
    (sy, sp, sr), (cy, cp, cr) = np.sin(half).T, np.cos(half).T
    turns = np.stack(
        [
            cy * sp * cr + sy * cp * sr,
            sy * cp * cr - cy * sp * sr,
            cy * cp * sr - sy * sp * cr,
            cy * cp * cr + sy * sp * sr,
        ],
        1,
    )
    flips = np.cumsum(np.r_[False, (turns[1:] * turns[:-1]).sum(1) < 0]) % 2
    return np.where(flips[:, None] == 1, -turns, turns).astype(np.float32)

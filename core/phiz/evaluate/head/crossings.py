"""Which triangles of a mesh really cut one another, found by hashing space into cubes."""

from __future__ import annotations

import numpy as np

CELL = 0.006  # metres, of the cubes: about the length of the skin's edges


def crossings(points: np.ndarray, some: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) rows of `some` (S, 3) and of `others` (O, 3), triangles of (V, 3) points, that cut; (n,) depths.

    Triangles that share a corner are no pair, nor is a triangle with itself; where both arguments are the
    same array each pair comes once. Depth (n,), in the points' units: how far either triangle reaches
    through the other's plane, the lesser of both. Triangles in one plane do not cut.
    """
    first, second = _neighbours(points, some, others)
    a, b = some[first], others[second]
    apart = ~(a[:, :, None] == b[:, None, :]).any((1, 2))
    first, second, a, b = (part[apart] for part in (first, second, a, b))
    p, q = points[a].astype(np.float64), points[b].astype(np.float64)
    depth = np.minimum(_through(p, q), _through(q, p))
    likely = np.flatnonzero(depth > 0)
    cut = likely[_pierced(p[likely], q[likely]) | _pierced(q[likely], p[likely])]
    return np.stack([first[cut], second[cut]], 1), depth[cut]


def _neighbours(points: np.ndarray, some: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of triangles whose boxes overlap, each pair once."""
    boxes = [(points[t].min(1), points[t].max(1)) for t in (some, others)]
    keys, owners = zip(*(_cells(low, high) for low, high in boxes), strict=True)
    order = np.argsort(keys[1], kind="stable")
    sorted_keys = keys[1][order]
    start = np.searchsorted(sorted_keys, keys[0], "left")
    count = np.searchsorted(sorted_keys, keys[0], "right") - start
    first = np.repeat(owners[0], count)
    places = np.arange(count.sum(), dtype=np.int32)
    places += np.repeat((start - np.cumsum(count) + count).astype(np.int32), count)
    second = owners[1][order][places]
    if some is others:
        later = first < second
        first, second = first[later], second[later]
    for axis in range(3):  # one after the other: few pairs are left after the first
        (low_a, high_a), (low_b, high_b) = (
            (np.ascontiguousarray(low[:, axis]), np.ascontiguousarray(high[:, axis])) for low, high in boxes
        )
        meet = (low_a[first] <= high_b[second]) & (low_b[second] <= high_a[first])
        first, second = first[meet], second[meet]
    pairs = np.unique(first.astype(np.int64) * len(others) + second)
    return pairs // len(others), pairs % len(others)


def _cells(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One number per cube that each (n, 3) box touches, and the box it came from."""
    first = np.floor(low / CELL).astype(np.int64)
    size = np.floor(high / CELL).astype(np.int64) - first + 1  # (n, 3)
    count = size.prod(1)
    owner = np.repeat(np.arange(len(low), dtype=np.int32), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    size = size[owner]
    steps = np.stack(
        [within % size[:, 0], within // size[:, 0] % size[:, 1], within // (size[:, 0] * size[:, 1])], 1
    )
    x, y, z = (first[owner] + steps + 2**20).T  # cubes within a million of the origin
    return (x * 2**21 + y) * 2**21 + z, owner


def _through(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(n,) how far q reaches to the lesser side of the plane of p; 0 or less: it stays on one side."""
    normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-18)
    side = np.einsum("nkd,nd->nk", q - p[:, :1], normal)
    return np.minimum(side.max(1), -side.min(1))


def _pierced(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(n,) whether an edge of q passes through p: T. Moeller and B. Trumbore 1997, for the three edges."""
    out = np.zeros(len(p), bool)
    u, v = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    for k in range(3):
        start, along = q[:, k], q[:, (k + 1) % 3] - q[:, k]
        h = np.cross(along, v)
        det = np.einsum("nd,nd->n", u, h)
        usable = np.abs(det) > 1e-24
        inverse = 1.0 / np.where(usable, det, 1.0)
        s = start - p[:, 0]
        a = np.einsum("nd,nd->n", s, h) * inverse
        w = np.cross(s, u)
        b = np.einsum("nd,nd->n", along, w) * inverse
        t = np.einsum("nd,nd->n", v, w) * inverse
        out |= usable & (a >= 0) & (b >= 0) & (a + b <= 1) & (t >= 0) & (t <= 1)
    return out

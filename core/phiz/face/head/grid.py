"""The grid on which the skin lives: directions seen from inside the head, and how each character bends it."""

from __future__ import annotations

import numpy as np

from phiz.face.head.proportions import PLAIN, Proportions

COLUMNS = 42  # on each side of the face's middle
THROAT = np.array([0.0, 2.4, -14.2])  # where the looking eye comes to rest, below the head


def directions(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """(n, 3) unit vectors; azimuth 0 is front and grows towards the character's left."""
    c = np.cos(elevation)
    return np.stack([np.sin(azimuth) * c, -np.cos(azimuth) * c, np.sin(elevation)], -1)


def chart(points: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 2) azimuth and elevation under which (n, 3) points are seen from inside the head."""
    d = points - np.array(shape.rays)
    return np.stack([np.arctan2(d[:, 0], -d[:, 1]), np.arctan2(d[:, 2], np.hypot(d[:, 0], d[:, 1]))], -1)


def nostril_middle(shape: Proportions, side: float) -> np.ndarray:
    """(2,) chart place of a nostril."""
    nose = shape.nose
    at = np.array([[side * 0.53 * nose.wing, nose.tip[1] + 1.40, nose.tip[2] - 0.92]])
    return chart(at, shape)[0]


def _features(shape: Proportions) -> list[float]:
    """Elevations of the mouth and of the nostrils, which the rows of the grid follow."""
    mouth = chart(np.array([[0.0, shape.muzzle, shape.mouth.height]]), shape)[0, 1]
    return [float(mouth), float(nostril_middle(shape, 1.0)[1])]


def grid_lines(shape: Proportions) -> tuple[np.ndarray, np.ndarray]:
    """Azimuths of the columns from the middle to the back of the head; heights of the rows, upwards.

    Heights down to -50 degrees are elevations seen from the head; below, `ray` slides.
    """
    front = np.radians(58) * np.linspace(0.0, 1.0, 28)
    back = np.radians(58) + (np.pi - np.radians(58)) * np.linspace(0, 1, COLUMNS - 26)[1:] ** 1.12
    rows = np.radians(
        np.concatenate(
            [
                [-144.0, -136.0, -128.0, -121.0, -115.0, -110.5, -107.0, -104.0, -101.5],  # the garment
                [-97.0, -90.0, -82.0, -74.0, -66.5, -60.0, -54.5, -50.0],
                np.linspace(-46.0, -25.5, 9)[:3],
                np.linspace(-46.0, -25.5, 9)[3:],
                [-23.2, -21.2, -19.4],
            ]
        )
    )
    upper = np.radians(
        np.concatenate(
            [
                np.linspace(-17.8, -10.5, 5),
                np.linspace(-8.5, 24.0, 14),
                [27.0, 30.5, 34.5, 39.0, 44.5, 51.0, 58.5, 67.0, 77.0],
            ]
        )
    )
    low, high = np.radians([-180.0, -50.0]).tolist(), np.radians([-6.0, 90.0]).tolist()
    known, wanted = [*low, *_features(PLAIN), *high], [*low, *_features(shape), *high]
    return np.concatenate([front, back]), np.interp(np.concatenate([rows, upper]), known, wanted)


def ray(azimuth: np.ndarray, height: np.ndarray, shape: Proportions) -> tuple[np.ndarray, np.ndarray]:
    """Origins and unit directions in which grid places are seen."""
    low = np.radians(np.array([-150.0, -118.0, -100.0, -75.0, -60.0, -50.0, 90.0]))
    elevation = np.interp(height, low, np.radians(np.array([-90.0, -38.0, -13.0, -38.0, -47.5, -50.0, 90.0])))
    t = (np.clip((-50.0 - np.degrees(height)) / 50.0, 0, 1) ** 1.15)[:, None]
    origin = (1 - t) * np.array(shape.rays) + t * (THROAT + np.array([0.0, 0.0, shape.bust_rise]))
    return origin, directions(azimuth, elevation)

"""How light meets the materials of a head, beside their colour and roughness: for Blender and for glTF."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finish:
    """subsurface: share of the light that enters and comes out nearby; scatter: how far red, green and blue
    travel, in metres; coat: a film of water or varnish over it, 0 to 1; sheen: soft light at grazing angles,
    0 to 1; streaks: how far its highlights are drawn out, 0 to 1; pores: height of fine relief, in metres;
    clear: glass, of which only the reflections are seen."""

    subsurface: float = 0.0
    scatter: tuple[float, float, float] = (0.0, 0.0, 0.0)
    coat: float = 0.0
    sheen: float = 0.0
    streaks: float = 0.0
    pores: float = 0.0
    clear: bool = False


_FLESH = (0.0060, 0.0022, 0.0012)
_ENAMEL = (0.0012, 0.0010, 0.0008)

FINISHES: dict[str, Finish] = {
    "skin": Finish(subsurface=0.20, scatter=_FLESH, pores=0.00008),
    "lid": Finish(subsurface=0.20, scatter=_FLESH, pores=0.00005),
    "lips": Finish(subsurface=0.20, scatter=_FLESH, coat=0.35),
    "mouth": Finish(subsurface=0.10, scatter=_FLESH, coat=0.50),
    "nostril": Finish(),
    "eye white": Finish(subsurface=0.10, scatter=_ENAMEL, coat=1.0),
    "iris": Finish(coat=0.5),
    "iris edge": Finish(coat=0.5),
    "pupil": Finish(coat=0.5),
    "cornea": Finish(clear=True),
    "tear": Finish(clear=True),
    "teeth": Finish(subsurface=0.10, scatter=_ENAMEL, coat=0.60),
    "gums": Finish(subsurface=0.10, scatter=_FLESH, coat=0.60),
    "tongue": Finish(subsurface=0.15, scatter=_FLESH, coat=0.45, pores=0.0002),
    "hair": Finish(sheen=0.04, streaks=0.7),
    "brows": Finish(sheen=0.03),
}
"""By a material's name; any other one is plain."""

PLAIN_FINISH = Finish()

"""`python -m export.live_closures --corpus DIR`: how much more often a live session hears closures.

On voices that the networks were trained on, so that what the guard of the lips is told can be set by it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from phiz.audio.aligned import MOTION_FPS
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.corpus.clips import load_source
from phiz.corpus.labels import Phone
from phiz.corpus.recordings import LABELLED
from phiz.motion.measures import BILABIAL, CLEAR, NON_LABIAL_CONSONANTS, REACH
from phiz.runtime import bundle
from phiz.runtime.articulation import closure_heard, doubted
from phiz.runtime.bundle import Bundle
from phiz.runtime.listen import listen
from phiz.runtime.live.continuing import doubts
from phiz.runtime.live.hearing import Hearing
from phiz.runtime.live.session import HOP, LOOK_AHEAD

LONGEST = 9.0  # s of a clip
COMING = 5  # frames of a hop at 16 kHz, those included that are made anew
QUANTILES = np.linspace(0.85, 0.99, 29)
BELIEVED = (0.03, 0.06, 0.16, 0.55)


@dataclass(frozen=True)
class Heard:
    """One phone: whether it is a closure; offline (n,) and live (n, COMING), the same frames as each of a
    hop heard them; place (n,): which of its hop a frame is."""

    closes: bool
    offline: np.ndarray
    live: np.ndarray
    place: np.ndarray

    def shown(self, doubt: np.ndarray) -> float:
        """The greatest probability that the guard acts on, with these doubts (COMING,)."""
        kept = np.take_along_axis(self.live, self.place[:, None], axis=1)[:, 0]
        return float(doubted(kept, doubt[self.place]).max())


def heard(model: Bundle, samples: np.ndarray, phones: list[Phone]) -> Iterator[Heard]:
    """Every /p b m/, widened as in the measure of closures, and other consonants far from them."""
    lips = model.manifest.lips
    offline = closure_heard(listen(Recording(samples), model), lips)
    count = len(offline)
    live = np.full((count + COMING, COMING), np.nan)
    hearing, come = Hearing(model), 0
    for first in range(0, count, HOP):
        until = min(round((first / MOTION_FPS + LOOK_AHEAD) * RATE), len(samples))
        hearing.hear(samples[come:until])
        come, hearing.ended = until, until == len(samples)
        rows = hearing.rows(slice(first, first + COMING))
        live[range(first, first + COMING), range(COMING)] = closure_heard(rows, lips)
    times = np.arange(count) / MOTION_FPS
    near = [(start - CLEAR, end + CLEAR) for start, end, name in phones if name in BILABIAL]
    for start, end, name in phones:
        closes = name in BILABIAL
        reach = REACH if closes else 0.0
        inside = np.flatnonzero((times >= start - reach) & (times < end + reach))
        clear = not any(start < late and end > early for early, late in near)
        if len(inside) and (closes or (clear and name in NON_LABIAL_CONSONANTS)):
            yield Heard(closes, offline[inside], live[inside], inside % HOP)


def show(console: Console, found: list[Heard]) -> None:
    """Print what doubt would match, by frames heard, and what the doubts that are used lead to."""
    others = [each for each in found if not each.closes]
    offline, live = (np.concatenate(x) for x in ([o.offline for o in others], [o.live for o in others]))
    used = doubts(COMING)
    table = Table("frames heard from it on", "other consonants' frames", "log odds too many", "taken off")
    for place in range(COMING):
        known = ~np.isnan(live[:, place])
        both = [np.quantile(x, QUANTILES) for x in (live[known, place], offline[known])]
        more = np.subtract(*(np.log(x / (1.0 - x)) for x in both)).mean()
        table.add_row(str(COMING - place), str(known.sum()), f"{more:.2f}", f"{used[place]:.2f}")
    console.print(table)
    table = Table("phones whose closure is believed", "in all", *(f"over {p}" for p in BELIEVED))
    for name, closes in (("/p b m/", True), ("other consonants", False)):
        phones = [each for each in found if each.closes == closes]
        for how, shown in (
            ("offline", [each.offline.max() for each in phones]),
            ("live, undoubted", [each.shown(np.zeros(COMING)) for each in phones]),
            ("live", [each.shown(used) for each in phones]),
        ):
            shares = (f"{np.mean(np.array(shown) > p):.3f}" for p in BELIEVED)
            table.add_row(f"{name}, {how}", str(len(phones)), *shares)
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m export.live_closures", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that `phiz corpus` wrote")
    parser.add_argument("--clips", type=int, default=12, help="of each source, at most (default 12)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    args = parser.parse_args()
    model, found, clips = bundle.load(threads=args.threads), [], 0
    for folder in (args.corpus / name for name in sorted(LABELLED)):
        if not folder.is_dir():
            continue
        source = load_source(folder)
        places = [
            i
            for i, clip in enumerate(source.clips)
            if clip.split == "train" and clip.phones and clip.seconds < LONGEST
        ]
        chosen = np.linspace(0, len(places) - 1, min(args.clips, len(places))).round().astype(int)
        for place in (places[at] for at in chosen):
            found += heard(model, source.samples(place), source.clips[place].phones or [])
            clips += 1
    console = Console()
    console.print(f"{clips} clips of voices that were trained on")
    show(console, found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

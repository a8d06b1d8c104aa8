"""What can be wrong with the curves of a take: their clock, their range, their sides, their smoothness."""

from __future__ import annotations

import numpy as np

from phiz.face.channels import CHANNELS, COUNT, INDEX, MIRROR, REGIONS
from phiz.motion import timecode
from phiz.motion.livelink import Lines
from phiz.motion.take import Take
from phiz.train.takes.findings import Finding, listed

DEAD = 0.01
"""Weight: a channel that moves less than this from one end of a take to the other is not carried by it."""
DEAD_HEAD = 0.002  # radians
SHAKY = 0.05
"""Share of the mouth's energy above 8 Hz; of ten captured takes the most had .014."""
_FULL = 0.995  # a weight that is stuck at 1
_MOVES = 0.1  # a channel that moves so much is in use


def live_channels(take: Take) -> np.ndarray:
    """(54,) bool: channels and head angles that move in the take."""
    spans = np.r_[np.ptp(take.weights, axis=0) / DEAD, np.ptp(take.head, axis=0) / DEAD_HEAD]
    return spans >= 1.0


def clock_findings(lines: Lines) -> list[Finding]:
    """The timecodes of a CSV and what lies between them."""
    found = []
    order = np.argsort(lines.times, kind="stable")
    times = lines.times[order]
    if (np.diff(lines.times) < -1e-6).any():
        back = int((np.diff(lines.times) < -1e-6).sum())
        text = f"timecodes run backwards in {back} places; were several takes put together?"
        found.append(Finding("backwards", "warning", text, {"places": back}))
    kept = np.r_[True, np.diff(times) > 1e-6]
    times, tracked = times[kept], lines.tracked[order][kept]
    if len(times) < 2:
        return found
    positions, fps = timecode.even_frames(times)
    if np.abs(positions - np.rint(positions)).max() > 1e-6:
        gaps = np.diff(times)
        jitter = float(np.std(gaps[gaps < 1.5 * np.median(gaps)]))
        text = f"frames come at uneven times (jitter {1000 * jitter:.1f} ms); they are put on an even grid"
        found.append(Finding("uneven", "warning", text, {"jitter_ms": 1000 * jitter}))
    gap = float(np.diff(times).max()) - 1 / fps
    missing = round(float(positions[-1])) + 1 - len(times)
    if missing > 0:
        share = missing / (positions[-1] + 1)
        level = "error" if share > 0.25 else "warning" if share > 0.02 or gap > 0.15 else "remark"
        text = f"{missing} frames were dropped ({share:.1%}); the longest gap is {gap:.2f} s"
        numbers = {"frames": missing, "share": share, "longest": gap}
        found.append(Finding("dropped", level, text, numbers))
    lost = int((~tracked).sum())
    if lost:
        share, longest = lost / len(tracked), _longest(~tracked) / fps
        level = "error" if share > 0.25 else "warning" if longest > 0.15 else "remark"
        text = f"the face was lost in {lost} frames ({share:.1%}), once for {longest:.2f} s"
        found.append(Finding("lost", level, text, {"frames": lost, "share": share, "longest": longest}))
    values = lines.values[lines.tracked][:, :COUNT]
    least, most = float(values.min()), float(values.max())
    if most > 1.5 or least < -0.5:
        text = f"weights go from {least:.1f} to {most:.1f}; expected 0 to 1 (are they percentages?)"
        found.append(Finding("range", "error", text, {"least": least, "most": most}))
    return found


def curve_findings(take: Take, open_mouth: np.ndarray) -> list[Finding]:
    """open_mouth (frames,) bool: where the encoder hears an open mouth; shorter where the sound is."""
    weights, found = take.weights, []
    if take.fps < 24.0:
        text = f"{take.fps:g} frames a second are too few for lips; record at 30 or 60"
        found.append(Finding("slow", "warning", text, {"fps": take.fps}))
    live = live_channels(take)
    if not live[INDEX["jawOpen"]]:
        found.append(Finding("still", "error", "the jaw never opens; there is no speech in these curves"))
        return found
    dead = [CHANNELS[i] for i in range(COUNT) if not live[i]]
    if dead:
        text = f"{len(dead)} channels never move and are not learnt: {listed(dead)}"
        found.append(Finding("dead", "remark", text, {"channels": dead}))
    full = (weights >= _FULL).mean(0)
    stuck = [CHANNELS[i] for i in np.argsort(-full) if full[i] > 0.01]
    if stuck:
        text = f"clipped at 1: {listed(stuck)} ({full.max():.1%} of the frames); calibrate the capture anew"
        found.append(Finding("clipped", "warning", text, {"channels": stuck, "share": float(full.max())}))
    n = min(len(open_mouth), take.frames)
    speaking = np.flatnonzero(open_mouth[:n])
    if len(speaking) > take.fps:
        shut = float((weights[speaking, INDEX["jawOpen"]] <= 1e-4).mean())
        if shut > 0.3:
            text = (
                f"jawOpen is exactly 0 in {shut:.0%} of the open vowels; it is cut off below: record the "
                "rest pose with the mouth shut"
            )
            found.append(Finding("cut_off", "warning", text, {"share": shut}))
        found += _held(weights, speaking[speaking > 0], take.fps)
    shaky = share_above(weights[:, list(REGIONS["mouth"])], take.fps)
    if shaky > SHAKY:
        text = (
            f"the mouth shakes: {shaky:.0%} of its motion is faster than 8 Hz (clean capture: 1 %); more "
            "light, or smooth the curves"
        )
        found.append(Finding("shaky", "warning", text, {"share": shaky}))
    return found + _sides(weights)


def share_above(curves: np.ndarray, fps: float, hz: float = 8.0) -> float:
    """Share of the energy of curves (frames, n) above a frequency, of that above half a hertz."""
    window = np.hanning(len(curves))[:, None]
    power = np.square(np.abs(np.fft.rfft((curves - curves.mean(0)) * window, axis=0))).sum(1)
    at = np.fft.rfftfreq(len(curves), 1 / fps)
    return float(power[at > hz].sum() / max(power[at > 0.5].sum(), 1e-9))


def _held(weights: np.ndarray, speaking: np.ndarray, fps: float) -> list[Finding]:
    """Frames in the middle of open vowels in which not one channel differs from the frame before."""
    same = np.r_[False, (weights[1:] == weights[:-1]).all(1)]
    share = float(same[speaking].mean()) if len(speaking) else 0.0
    longest = _longest(same) / fps
    if 0.35 <= share <= 0.65 and longest <= 2 / fps:
        text = (
            f"every second frame repeats the one before: the face was captured at {fps / 2:g} frames a "
            f"second, not at {fps:g}"
        )
        return [Finding("doubled", "warning", text, {"share": share})]
    if share > 0.1:
        text = f"the face stands still in {share:.0%} of the open vowels: the tracker hung"
        return [Finding("held", "warning", text, {"share": share, "longest": longest})]
    return []


def _sides(weights: np.ndarray) -> list[Finding]:
    spans = np.ptp(weights, axis=0)
    single = [CHANNELS[i] for i in range(COUNT) if spans[i] < DEAD and spans[MIRROR[i]] > _MOVES]
    single = [name for name in single if not name.startswith(("jaw", "mouthLeft", "mouthRight"))]
    found = []
    if single:
        text = f"only one side moves; these stand still: {listed(single)}"
        found.append(Finding("one_side", "warning", text, {"channels": single}))

    def leaning(stem: str) -> np.ndarray:
        return weights[:, INDEX[stem + "Left"]] - weights[:, INDEX[stem + "Right"]]

    # A mouth drawn to the left stretches its right corner: -.78 to -.95 in six takes of the app.
    mouth, stretch = leaning("mouth"), leaning("mouthStretch")
    if min(mouth.std(), stretch.std()) > 0.01:
        together = float(np.corrcoef(mouth, stretch)[0, 1])
        if together > 0.5:
            text = (
                "mouthLeft and mouthRight are exchanged, or left and right of the other channels are: the "
                f"mouth goes to the corner that stretches (correlation {together:.2f}, expected about -.8); "
                "Apple's order of columns is not the app's"
            )
            found.append(Finding("sides", "warning", text, {"correlation": together}))
    return found


def lopsidedness(take: Take) -> np.ndarray:
    """(51,) mean of every channel less its mirror: a face's own, the same in all of its takes."""
    mean = take.weights.mean(0)
    return mean - mean[MIRROR]


def mirrored_takes(takes: list[Take]) -> list[tuple[int, float]]:
    """Takes whose lopsidedness is the mirror of what the others have, and its likeness to them (below 0)."""
    own = [lopsidedness(take) for take in takes]
    out = []
    for i, one in enumerate(own):
        others = (
            np.mean([o for j, o in enumerate(own) if j != i], axis=0) if len(own) > 2 else np.zeros(COUNT)
        )
        sizes = float(np.linalg.norm(one)), float(np.linalg.norm(others))
        if min(sizes) > 0.05:
            alike = float(one @ others / (sizes[0] * sizes[1]))
            if alike < -0.6:
                out.append((i, alike))
    return out


def _longest(flags: np.ndarray) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, flags.astype(int), 0]))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0

"""16 kHz samples to log-mel frames at 100 per second, with numpy alone."""

from __future__ import annotations

import numpy as np

from phiz.audio.spill import blocks, release, scratch

RATE = 16_000
HOP = 160  # 10 ms
WINDOW = 400  # 25 ms
BINS = 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 7600.0
FLOOR = 1e-7  # power; about -70 dB below a full-scale sine, under every recording's own noise
_FFT = 512
_BLOCK = 6000  # frames transformed at a time


def _to_mel(hz: np.ndarray) -> np.ndarray:
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def centre_frequencies() -> np.ndarray:
    """(64 + 2,) edge and centre frequencies in Hz of the triangular filters (O'Shaughnessy's mel)."""
    low, high = _to_mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    mels = np.linspace(low, high, BINS + 2)
    return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)


def _intervals() -> tuple[np.ndarray, np.ndarray]:
    """Where between two edges each bin of the spectrum lies, which is all that triangular filters ask.

    place (n,) float32, 0 at the lower edge to 1 at the upper one, of the n bins inside the filters, which
    begin at bin `first[0]`; first (65,) index of the first bin of each interval, none of which is empty.
    """
    edges = centre_frequencies()
    hz = np.fft.rfftfreq(_FFT, 1.0 / RATE)
    inside = np.flatnonzero((hz >= edges[0]) & (hz < edges[-1]))
    interval = np.searchsorted(edges, hz[inside], side="right") - 1
    place = (hz[inside] - edges[interval]) / (edges[interval + 1] - edges[interval])
    first = np.searchsorted(interval, np.arange(BINS + 1))
    return place.astype(np.float32), inside[0] + first


_PLACE, _FIRST = _intervals()
_INSIDE = slice(_FIRST[0], _FIRST[0] + len(_PLACE))
_STARTS = _FIRST - _FIRST[0]
_HANN = np.hanning(WINDOW).astype(np.float32)


def frame_count(samples: int) -> int:
    """Frames that `log_mel` gives for so many samples: one every 10 ms, the first centred on 0."""
    return samples // HOP + 1


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(n,) float samples at 16 kHz, +-1 full scale -> (n // 160 + 1, 64) float32 natural-log power.

    Frame i is centred on i * 10 ms; beyond the ends the signal counts as zero.
    """
    return _log_mel(samples, frame_count(len(samples)))


def paired_log_mel(samples: np.ndarray) -> np.ndarray:
    """`log_mel`, its last frame twice where that makes the number even; of a long recording in a file."""
    count = frame_count(len(samples))
    return _log_mel(samples, count + count % 2)


def _log_mel(samples: np.ndarray, rows: int) -> np.ndarray:
    """(rows, 64); rows past the last frame repeat it."""
    count = frame_count(len(samples))
    out = scratch((rows, BINS))
    for part in blocks(out[:count], _BLOCK):
        first, last = part.start * HOP - WINDOW // 2, (part.stop - 1) * HOP + WINDOW // 2
        piece = np.asarray(samples[max(first, 0) : last], np.float32)
        piece = np.pad(piece, (max(-first, 0), max(last - len(samples), 0)))
        block = np.lib.stride_tricks.sliding_window_view(piece, WINDOW)[::HOP] * _HANN
        spectrum = np.fft.rfft(block, _FFT)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        out[part] = np.log(_filtered(power[:, _INSIDE]) + FLOOR)
        release(samples)
    out[count:] = out[count - 1]
    return out


def _filtered(power: np.ndarray) -> np.ndarray:
    """(n, bins inside) -> (n, 64). A matrix product would depend on the threads of its library."""
    rising = np.add.reduceat(power * _PLACE, _STARTS, axis=1)  # (n, 65), of the filter above each interval
    falling = np.add.reduceat(power * (1.0 - _PLACE), _STARTS, axis=1)  # of the filter below it
    return rising[:, :-1] + falling[:, 1:]


def paired(frames: np.ndarray) -> np.ndarray:
    """(T, 64) -> (T or T + 1, 64): an even number of frames, two for each of an encoder at 50 fps."""
    return np.concatenate([frames, frames[-1:]]) if len(frames) % 2 else frames

"""Many voices, rooms and microphones out of one log-mel batch, drawn anew every time it is seen.

All of it works on log-mel power, where a filter is a sum, a noise adds as power and a room is a
decaying tail: a thousand times cheaper than on samples, and close enough for a recogniser to learn
from. The corpus holds true rooms, noises and codecs beside it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from phiz.audio.mel import BINS, FLOOR, centre_frequencies

VOCAL_TRACT = 0.14  # largest warp of the frequency axis, either way
NEPER_PER_DB = float(np.log(10.0) / 10.0)
_TAIL = 32  # mel frames of reverberation: 0.32 s


def _warp_matrices(count: int = 29) -> Tensor:
    """(count, BINS, BINS): interpolate a mel frame at frequencies scaled by 1 - .14 to 1 + .14."""
    centres = centre_frequencies()[1:-1]
    matrices = np.zeros((count, BINS, BINS), np.float32)
    for i, ratio in enumerate(np.linspace(1 - VOCAL_TRACT, 1 + VOCAL_TRACT, count)):
        place = np.interp(centres * ratio, centres, np.arange(BINS))
        low = np.minimum(place.astype(int), BINS - 2)
        matrices[i, low, np.arange(BINS)] += 1 - (place - low)
        matrices[i, low + 1, np.arange(BINS)] += place - low
    return torch.from_numpy(matrices)


_WARPS = _warp_matrices()


class Augment:
    """A callable on log-mel batches (N, T, 64); every draw comes from its own generator."""

    def __init__(self, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)

    def _uniform(self, n: int, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, 1, 1, generator=self.random)

    def _chance(self, n: int, p: float) -> Tensor:
        return torch.rand(n, 1, 1, generator=self.random) < p

    def __call__(self, batch: Tensor) -> Tensor:
        return self._drop(self._noise(self._room(self._equalise(self._warp(batch)))))

    def _warp(self, x: Tensor) -> Tensor:
        picks = torch.randint(len(_WARPS), (len(x),), generator=self.random)
        return torch.bmm(x, _WARPS[picks])

    def _equalise(self, x: Tensor) -> Tensor:
        """A tilt up to +-12 dB over the band, five bumps of 5 dB, and at times a cut-off."""
        n = len(x)
        ramp = torch.linspace(-1, 1, BINS)[None, None]
        knots = torch.randn(n, 1, 5, generator=self.random) * 5.0
        bumps = torch.nn.functional.interpolate(knots, size=BINS, mode="linear", align_corners=True)
        curve = self._uniform(n, -12, 12) * ramp + bumps + self._uniform(n, -12, 6)
        curve = torch.where(self._chance(n, 0.8), curve, torch.zeros_like(curve))
        centres = torch.from_numpy(centre_frequencies()[1:-1]).float()[None, None]
        highest, lowest = self._uniform(n, 3000, 12000), self._uniform(n, 0, 300)
        octaves = torch.log2(centres / highest).clamp(min=0) + torch.log2(
            lowest.clamp(min=1) / centres
        ).clamp(min=0)
        cut = -36.0 * octaves
        cut = torch.where(self._chance(n, 0.5), cut, torch.zeros_like(cut))
        floor = float(np.log(FLOOR))
        return torch.maximum(x + NEPER_PER_DB * (curve + cut), torch.tensor(floor))

    def _room(self, x: Tensor) -> Tensor:
        """Power smeared by an exponential tail: reverberation time .15 to .8 s, -15 to 0 dB direct."""
        n, frames, _ = x.shape
        chosen = self._chance(n, 0.55).flatten().nonzero().flatten()
        if not len(chosen):
            return x
        k = len(chosen)
        lag = torch.arange(1, _TAIL + 1)[None, None].float() * 0.01
        tail = torch.exp(-13.8 * lag / self._uniform(k, 0.15, 0.8))  # 60 dB of power over the time
        tail = tail / tail.sum(-1, keepdim=True) * torch.exp(NEPER_PER_DB * self._uniform(k, -15, 0))
        kernel = torch.cat([tail.flip(-1), torch.ones(k, 1, 1)], -1)  # (k, 1, TAIL + 1)
        power = x[chosen].exp().transpose(1, 2).reshape(1, k * BINS, frames)  # (1, k * 64, T)
        padded = torch.nn.functional.pad(power, (_TAIL, 0))
        weight = kernel.repeat_interleave(BINS, 0)  # (k * 64, 1, TAIL + 1)
        wet = torch.nn.functional.conv1d(padded, weight, groups=k * BINS)
        out = x.clone()
        out[chosen] = wet.reshape(k, BINS, frames).transpose(1, 2).clamp(min=FLOOR).log()
        return out

    def _noise(self, x: Tensor) -> Tensor:
        """Coloured noise at 0 to 36 dB below the speech, and at times another clip as babble."""
        n, frames, bins = x.shape
        power = x.exp()
        level = power.sum(-1, keepdim=True).flatten(1).quantile(0.9, dim=1)[:, None, None]  # (N, 1, 1)
        slope = torch.exp(NEPER_PER_DB * self._uniform(n, -20, 8) * torch.linspace(-1, 1, bins)[None, None])
        # The power of a noise in a mel band is a mean of a few exponential variables.
        grain = -torch.log(torch.rand(3, n, frames, bins, generator=self.random).clamp(min=1e-6)).mean(0)
        noise = slope / slope.sum(-1, keepdim=True) * grain
        loud = torch.exp(-NEPER_PER_DB * self._uniform(n, 0, 36)) * self._chance(n, 0.8)
        power = power + level * loud * noise
        babble = x.exp().roll(1, 0)
        heard = (
            level
            / level.roll(1, 0)
            * torch.exp(-NEPER_PER_DB * self._uniform(n, 10, 30))
            * self._chance(n, 0.2)
        )
        return (power + heard * babble).clamp(min=FLOOR).log()

    def _drop(self, x: Tensor) -> Tensor:
        """One short stretch of time and one band put to the clip's mean, in half of the clips."""
        n, frames, bins = x.shape
        mean = x.mean(1, keepdim=True)
        time = torch.arange(frames)[None, :, None]
        start = torch.rand(n, 1, 1, generator=self.random) * frames
        hidden = (time >= start) & (time < start + self._uniform(n, 0, 8)) & self._chance(n, 0.3)
        band = torch.arange(bins)[None, None]
        low = torch.rand(n, 1, 1, generator=self.random) * bins
        hidden = hidden | ((band >= low) & (band < low + self._uniform(n, 0, 8)) & self._chance(n, 0.3))
        return torch.where(hidden, mean, x)

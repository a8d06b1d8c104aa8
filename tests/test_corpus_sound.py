"""Warps, pauses, rooms, noise and codecs: the sound changes as asked, the phone times stay true."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from phiz.corpus import degrade, rooms, warp

RATE = 16_000


def clicks(seconds: float, *times: float) -> np.ndarray:
    """Silence with a 5 ms burst at each time."""
    samples = np.zeros(int(seconds * RATE), np.float32)
    for time in times:
        at = int(time * RATE)
        samples[at : at + 80] = 0.5 * np.cos(np.arange(80))
    return samples


def onsets(samples: np.ndarray, level: float = 0.15) -> list[float]:
    loud = np.flatnonzero(np.abs(samples) > level)
    starts = loud[np.diff(loud, prepend=-RATE) > 800]
    return [float(s) / RATE for s in starts]


PHONES = [(0.0, 0.3, "SIL"), (0.3, 0.5, "B"), (0.5, 0.8, "SIL"), (0.8, 1.1, "AA"), (1.1, 1.5, "SIL")]
SPEECH = clicks(1.5, 0.3, 0.8)


@pytest.mark.parametrize("ratio", [0.82, 1.0, 1.22])
def test_a_warp_takes_the_phone_times_along(ratio: float):
    warped, phones = warp.resample(SPEECH, PHONES, ratio)
    assert abs(len(warped) / RATE - 1.5 / ratio) < 1e-3
    assert phones[-1][1] == len(warped) / RATE
    assert onsets(warped) == pytest.approx([phones[1][0], phones[3][0]], abs=0.002)


def test_a_warp_raises_the_pitch():
    tone = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE).astype(np.float32)
    warped, _ = warp.resample(tone, [(0.0, 1.0, "AA")], 1.2)
    peak = np.argmax(np.abs(np.fft.rfft(warped))) * RATE / len(warped)
    assert peak == pytest.approx(240, abs=2)


def test_ratios_are_clearly_different_speakers():
    ratios = np.array([warp.draw_ratio(np.random.default_rng(i)) for i in range(200)])
    assert ratios.min() >= 0.82
    assert ratios.max() <= 1.22
    assert np.abs(ratios - 1).min() >= 0.05
    assert 0.3 < np.mean(ratios > 1) < 0.7


@pytest.mark.parametrize("seed", range(12))
def test_pauses_move_the_phones_and_nothing_else(seed: int):
    longer, phones = warp.insert_pauses(SPEECH, PHONES, np.random.default_rng(seed))
    assert phones[0][0] == 0.0
    assert phones[-1][1] == pytest.approx(len(longer) / RATE, abs=1e-6)
    assert all(a[1] == pytest.approx(b[0]) and a[2] != b[2] for a, b in pairwise(phones))
    spoken = [(start, end - start) for start, end, name in phones if name != "SIL"]
    assert onsets(longer) == pytest.approx([start for start, _ in spoken], abs=0.001)
    assert [width for _, width in spoken] == pytest.approx([0.2, 0.3])


def test_a_breath_stays_softer_than_speech():
    for seed in range(20):
        longer, phones = warp.insert_pauses(SPEECH, PHONES, np.random.default_rng(seed))
        for start, end, name in phones:
            if name == "SIL":
                assert np.abs(longer[int(start * RATE) : int(end * RATE)]).max(initial=0) < 0.45


@pytest.mark.parametrize("snr", [0.0, 15.0])
def test_noise_comes_at_the_ratio_asked(snr: float):
    rng = np.random.default_rng(0)
    voice = rooms.coloured_noise(RATE, rng) * 0.1
    noisy = rooms.add_noise(voice, rooms.coloured_noise(RATE, rng), snr)
    assert 10 * np.log10(rooms.power(voice) / rooms.power(noisy - voice)) == pytest.approx(snr, abs=0.01)


@pytest.mark.parametrize("tilt", [0.0, 1.0, 2.0])
def test_noise_has_the_slope_asked(tilt: float):
    noise = rooms.coloured_noise(8 * RATE, np.random.default_rng(1), tilt)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(len(noise), 1 / RATE)
    low, high = (spectrum[(hz > f) & (hz < 1.2 * f)].mean() for f in (200, 3200))
    assert 10 * np.log10(low / high) == pytest.approx(4 * 3.01 * tilt, abs=1.5)
    assert rooms.power(noise) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("rt60", [0.2, 0.5, 0.8])
def test_a_room_decays_as_long_as_asked_and_keeps_the_direct_sound(rt60: float):
    times = []
    for seed in range(8):
        response = rooms.room_response(np.random.default_rng(seed), rt60, 3.0)
        assert response[0] == 1.0
        assert 10 * np.log10(1.0 / np.sum(response[1:] ** 2)) == pytest.approx(3.0, abs=0.01)
        tail = response[int(0.035 * RATE) :].astype(np.float64)
        left = 10 * np.log10(
            np.cumsum(tail[::-1] ** 2)[::-1] / np.sum(tail**2) + 1e-12
        )  # Schroeder's integral
        five, twentyfive = np.argmax(left < -5), np.argmax(left < -25)
        times.append(3 * (twentyfive - five) / RATE)
    assert np.median(times) == pytest.approx(rt60, rel=0.25)


def test_a_noisy_room_keeps_the_time_and_the_ratio():
    wet = rooms.noisy_room(SPEECH, np.random.default_rng(3), 15.0)
    assert len(wet) == len(SPEECH)
    lags = np.arange(-200, 201)
    best = lags[np.argmax([np.dot(SPEECH, np.roll(wet, -k)) for k in lags])]
    assert best == 0
    assert np.array_equal(wet, rooms.noisy_room(SPEECH, np.random.default_rng(3), 15.0))
    assert not np.array_equal(wet, rooms.noisy_room(SPEECH, np.random.default_rng(3), 5.0))


@pytest.mark.parametrize("codec", degrade.CODECS)
def test_codecs_keep_time_and_length(codec: str):
    rng = np.random.default_rng(0)
    voice = degrade.band_limit(rooms.coloured_noise(RATE + 77, rng), 100, 3000) * np.float32(0.1)
    coded = degrade.through_codec(voice, codec, 0.4)
    assert len(coded) == len(voice)
    assert not np.array_equal(coded, voice)
    lags = np.arange(-1200, 1201)
    assert lags[np.argmax([np.dot(voice, np.roll(coded, -k)) for k in lags])] == 0


def test_a_band_limit_cuts_outside_and_keeps_inside():
    t = np.arange(RATE) / RATE
    low, mid, high = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (100, 1000, 5000))
    out = degrade.band_limit(low + mid + high, 300, 3400)
    assert rooms.power(out) == pytest.approx(rooms.power(mid), rel=0.02)


def test_babble_has_unit_power_whatever_its_voices():
    others = [SPEECH * gain for gain in (1.0, 1e-3, 0.3)]
    assert rooms.power(degrade.babble(others, 5000, np.random.default_rng(0))) == pytest.approx(1.0, rel=1e-3)


def test_every_degraded_copy_is_sound_and_repeatable():
    for seed in range(60):
        worse = degrade.degrade(SPEECH, [SPEECH], np.random.default_rng(seed))
        assert worse.shape == SPEECH.shape
        assert worse.dtype == np.float32
        assert np.isfinite(worse).all()
        assert 0.01 < np.abs(worse).max() < 1.3
    first, again = (degrade.degrade(SPEECH, [SPEECH], np.random.default_rng(59)) for _ in range(2))
    assert np.array_equal(first, again)

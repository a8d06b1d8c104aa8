"""Takes of one's own: what belongs together, and every fault named by the words that mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from phiz.acting.direction import Direction
from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.cli import main
from phiz.face.channels import COUNT, INDEX, MIRROR
from phiz.motion import livelink
from phiz.motion.take import Take, load
from phiz.runtime import bundle
from phiz.runtime.generate import generate
from phiz.train.takes.check import CORRECTED, Checked, check
from phiz.train.takes.curve_checks import mirrored_takes
from phiz.train.takes.pairs import Pair, TakesError, find
from phiz.train.takes.synchrony import synchrony

VOICE = Path(__file__).parent.parent / "docs/demo/voice.flac"
Change = Callable[[Take, np.ndarray], tuple[Take, np.ndarray]]


@pytest.fixture(scope="module")
def shipped() -> bundle.Bundle:
    return bundle.load(None, threads=1)


@pytest.fixture(scope="module")
def spoken(shipped: bundle.Bundle) -> tuple[Take, np.ndarray]:
    """A face that speaks in time with its sound, and that sound."""
    voice = recording.load(VOICE)
    return generate(voice, Direction(emotion=(), style="lively"), shipped), voice.samples


@pytest.fixture
def looked_over(
    spoken: tuple[Take, np.ndarray], shipped: bundle.Bundle, tmp_path: Path
) -> Callable[[Change], Checked]:
    """The check of the spoken take as a Live Link Face CSV, changed in some way."""

    def run(change: Change) -> Checked:
        take, samples = change(*spoken)
        take.save(tmp_path / "one.csv")
        soundfile.write(tmp_path / "one.wav", samples, RATE, subtype="FLOAT")
        return check([Pair("one", tmp_path / "one.csv", tmp_path / "one.wav")], shipped)[0]

    return run


def codes(checked: Checked) -> dict[str, str]:
    return {finding.code: finding.level for finding in checked.findings}


def with_weights(take: Take, change: Callable[[np.ndarray], None]) -> Take:
    weights = take.weights.copy()
    change(weights)
    return replace(take, weights=weights)


def test_a_good_take_is_used(looked_over: Callable[[Change], Checked]) -> None:
    found = looked_over(lambda take, samples: (take, samples))
    assert found.usable and set(codes(found)) <= {"dead"}
    assert found.synchrony is not None and abs(found.synchrony.lag) < 0.025
    assert found.synchrony.agreement > 0.8


def test_a_small_lag_is_corrected_to_the_sample(
    looked_over: Callable[[Change], Checked], spoken: tuple[Take, np.ndarray]
) -> None:
    own = looked_over(lambda take, samples: (take, samples)).synchrony
    for late in (0.12, -0.09):  # of the mouth: the sound begins so much earlier
        count = round(late * RATE)

        def moved(take: Take, samples: np.ndarray, count: int = count) -> tuple[Take, np.ndarray]:
            return take, samples[count:] if count > 0 else np.pad(samples, (-count, 0))

        found = looked_over(moved)
        assert codes(found)["lag"] == "remark" and found.usable
        assert own is not None and found.synchrony is not None and found.sound is not None
        assert found.synchrony.lag == pytest.approx(late + own.lag, abs=0.012)
        shift = round(found.synchrony.lag * RATE)
        expected = (
            np.pad(spoken[1][count:], (shift, 0)) if shift > 0 else np.pad(spoken[1], (-count, 0))[-shift:]
        )
        np.testing.assert_array_equal(found.sound.samples, expected)


def test_a_large_lag_is_an_error_that_says_what_to_cut(looked_over: Callable[[Change], Checked]) -> None:
    found = looked_over(lambda take, samples: (take, samples[round(0.6 * RATE) :]))
    assert codes(found)["lag"] == "error" and not found.usable
    text = next(f.text for f in found.findings if f.code == "lag")
    assert "0.5" in text or "0.6" in text
    assert "beginning of the curves" in text and CORRECTED < 0.5


def _others(samples: np.ndarray) -> np.ndarray:
    """Quarters of a second of it in an order of chance."""
    pieces = samples[: len(samples) // 4000 * 4000].reshape(-1, 4000)
    return np.random.default_rng(2).permutation(pieces).ravel()


def test_another_takes_sound_is_an_error(looked_over: Callable[[Change], Checked]) -> None:
    found = looked_over(lambda take, samples: (take, _others(samples)))
    assert codes(found)["unrelated"] == "error"


def test_a_wrong_frame_rate_is_an_error(looked_over: Callable[[Change], Checked]) -> None:
    found = looked_over(lambda take, samples: (replace(take, fps=60.0), samples))
    assert codes(found)["rate"] == "error"
    assert "60 for 30" in next(f.text for f in found.findings if f.code == "rate")
    found = looked_over(lambda take, samples: (take, np.pad(samples, (0, RATE))))
    assert codes(found)["lengths"] == "warning" and found.usable


def _fill(name: str, value: float) -> Callable[[np.ndarray], None]:
    def change(weights: np.ndarray) -> None:
        weights[:, INDEX[name]] = value

    return change


def _stuck(weights: np.ndarray) -> None:
    weights[10:40, INDEX["mouthFunnel"]] = 1.0


def _cut_off(weights: np.ndarray) -> None:
    jaw = weights[:, INDEX["jawOpen"]]
    jaw[:] = np.maximum(jaw - 0.8 * jaw.max(), 0.0)


def _noise(weights: np.ndarray) -> None:
    weights += np.random.default_rng(0).normal(0, 0.08, weights.shape)


def _doubled(weights: np.ndarray) -> None:
    weights[1::2] = weights[: len(weights) // 2 * 2 : 2]


def _held(weights: np.ndarray) -> None:
    weights[30:] = weights[30]


def _one_side(weights: np.ndarray) -> None:
    weights[:, INDEX["mouthLowerDownLeft"]] = 0.0
    weights[:, INDEX["mouthLowerDownRight"]] += np.linspace(0, 0.3, len(weights))


def _exchanged(weights: np.ndarray) -> None:
    sway = np.sin(np.arange(len(weights)) / 9.0)
    for stem in ("mouth", "mouthStretch"):  # to the side of the corner that stretches, as no mouth goes
        weights[:, INDEX[stem + "Left"]] = np.maximum(sway, 0) * 0.3
        weights[:, INDEX[stem + "Right"]] = np.maximum(-sway, 0) * 0.3


@pytest.mark.parametrize(
    "code, level, change",
    [
        ("still", "error", _fill("jawOpen", 0.2)),
        ("clipped", "warning", _stuck),
        ("cut_off", "warning", _cut_off),
        ("shaky", "warning", _noise),
        ("doubled", "warning", _doubled),
        ("held", "warning", _held),
        ("one_side", "warning", _one_side),
        ("sides", "warning", _exchanged),
    ],
)
def test_faults_of_the_curves(
    looked_over: Callable[[Change], Checked], code: str, level: str, change: Callable[[np.ndarray], None]
) -> None:
    found = looked_over(lambda take, samples: (with_weights(take, change), samples))
    assert codes(found).get(code) == level


def test_what_does_not_move_is_not_live(looked_over: Callable[[Change], Checked]) -> None:
    found = looked_over(
        lambda take, samples: (
            replace(with_weights(take, _fill("browInnerUp", 0.3)), head=np.zeros((take.frames, 3))),
            samples,
        )
    )
    assert found.live is not None and not found.live[COUNT:].any() and found.live[INDEX["jawOpen"]]
    assert not found.live[INDEX["browInnerUp"]]
    assert "browInnerUp" in next(f.numbers["channels"] for f in found.findings if f.code == "dead")


@pytest.mark.parametrize(
    "code, level, change",
    [
        ("silent", "error", lambda x: 1e-5 * x),
        ("short", "error", lambda x: x[: 2 * RATE]),
        ("speechless", "error", lambda x: 0.05 * np.random.default_rng(0).standard_normal(len(x))),
        ("clipped_sound", "warning", lambda x: np.clip(8 * x, -0.9, 0.9)),
        ("sound", "error", lambda x: np.where(np.arange(len(x)) == 99, np.nan, x)),
    ],
)
def test_faults_of_the_sound(
    looked_over: Callable[[Change], Checked],
    code: str,
    level: str,
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    assert codes(looked_over(lambda take, samples: (take, change(samples)))).get(code) == level


def test_faults_of_the_clock(spoken: tuple[Take, np.ndarray], shipped: bundle.Bundle, tmp_path: Path) -> None:
    take, samples = spoken
    soundfile.write(tmp_path / "one.wav", samples, RATE, subtype="FLOAT")
    take.save(tmp_path / "whole.csv")
    header, *lines = (tmp_path / "whole.csv").read_text().splitlines()
    path = tmp_path / "one.csv"

    def look(lines: list[str]) -> dict[str, str]:
        path.write_text("\n".join([header, *lines]) + "\n")
        return codes(check([Pair("one", path, tmp_path / "one.wav")], shipped)[0])

    assert look(lines[:40] + lines[50:])["dropped"] == "warning"
    lost = [line.split(",")[0] + ",0" if 40 <= i < 50 else line for i, line in enumerate(lines)]
    assert look(lost)["lost"] == "warning"
    assert look(lines[50:] + lines[:50])["backwards"] == "warning"
    percent = [",".join([*line.split(",")[:2], *(f"{100 * float(v)}" for v in line.split(",")[2:])])
               for line in lines]  # fmt: skip
    assert look(percent)["range"] == "error"
    fields = lines[5].split(",")
    assert look([*lines[:5], ",".join([*fields[:9], "nan", *fields[10:]]), *lines[6:]])["curves"] == "error"
    read = livelink.read_lines(tmp_path / "whole.csv")
    assert read.tracked.all() and read.values.shape == (take.frames, COUNT + 3)
    uneven = [_later(line, 0.4 * (i % 3)) for i, line in enumerate(lines)]
    assert look(uneven)["uneven"] == "warning"


def _later(line: str, frames: float) -> str:
    code, rest = line.split(",", 1)
    *front, frame = code.split(":")
    return ":".join([*front, f"{float(frame) + frames:06.3f}"]) + "," + rest


def test_lags_that_change_are_told_from_one_that_does_not() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(3600) / 30
    openness = np.convolve(rng.standard_normal(3600), np.hanning(9), "same")
    apart = np.interp(times - 0.1 - 0.002 * times, times, openness)  # two thousandths too slow
    assert synchrony(apart, 30.0, openness, 30.0).wander > 0.15
    constant = synchrony(np.interp(times - 0.1, times, openness), 30.0, openness, 30.0)
    assert constant.lag == pytest.approx(0.1, abs=0.005) and constant.wander < 0.01
    assert synchrony(np.zeros(3600), 30.0, openness, 30.0).agreement == 0.0


def test_a_mirrored_take_among_others() -> None:
    rng = np.random.default_rng(1)
    own = rng.uniform(0.1, 0.4, COUNT)
    takes = [Take(own + rng.uniform(-0.05, 0.05, (50, COUNT)), np.zeros((50, 3)), 30.0) for _ in range(4)]
    assert mirrored_takes(takes) == []
    takes[2] = replace(takes[2], weights=takes[2].weights[:, MIRROR])
    assert [place for place, _ in mirrored_takes(takes)] == [2]


def test_pairs_by_name(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    for name in (
        "a.csv",
        "b.npz",
        "c.json",
        "take.json",
        "alone.csv",
        "film.csv",
        "film.mov",
        "d.csv",
        "d.npz",
    ):
        (tmp_path / name).touch()
    for name in ("A.wav", "b.flac", "c.opus", "voice.wav", "d.wav"):
        (tmp_path / "sound" / name).touch()
    pairs, alone = find(tmp_path)
    assert [(p.name, p.sound.name) for p in pairs] == [("a", "A.wav"), ("b", "b.flac"), ("c", "c.opus")]
    said = "\n".join(alone)
    assert len(alone) == 4 and "ffmpeg -i film.mov film.wav" in said and "take.json" not in said
    assert "alone.csv" in said and "voice.wav" in said and "d.csv, d.npz" in said
    (tmp_path / "none").mkdir()
    for folder in (tmp_path / "none", tmp_path / "nowhere"):
        with pytest.raises(TakesError, match="expected"):
            find(folder)


def test_the_command_checks(
    spoken: tuple[Take, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes, out = tmp_path / "takes", tmp_path / "out"
    takes.mkdir()
    spoken[0].save(takes / "good.npz")
    soundfile.write(takes / "good.wav", spoken[1], RATE)
    command = ["train", "finetune", "--takes", str(takes), "--check", "-o", str(out), "--threads", "1"]
    assert main(command) == 0
    spoken[0].save(takes / "bad.csv")
    soundfile.write(takes / "bad.wav", np.zeros(4 * RATE), RATE)
    assert main(command) == 1
    assert "silent" in capsys.readouterr().out
    said = json.loads((out / "checks.json").read_text())
    assert [take["usable"] for take in said["takes"]] == [False, True]
    assert "silent" in {finding["code"] for finding in said["takes"][0]["findings"]}
    assert abs(said["takes"][1]["lag"]) < 0.03
    assert load(takes / "good.npz").frames == spoken[0].frames
    assert main(["train", "finetune", "--takes", str(out), "--check"]) == 2
    assert "expected takes" in capsys.readouterr().err

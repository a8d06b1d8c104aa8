"""The measures of generated films: true ones pass, and wrong ones fail where they are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("moderngl")
pytest.importorskip("diffusers")
pytest.importorskip("av")

from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.acting.units import envelope
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.corpus.clips import rng_for
from phiz.corpus.portraits.build import filmed
from phiz.corpus.portraits.scene import draw_scene
from phiz.corpus.portraits.studio import Studio
from phiz.cotfa.prompts import prompts_of
from phiz.evaluate.video import lasting, report
from phiz.evaluate.video.__main__ import main
from phiz.evaluate.video.run import FilmsError, Pair, measure
from phiz.evaluate.video.sight import Sight, person
from phiz.face.action_units import pose
from phiz.face.channels import COUNT, INDEX, vector
from phiz.motion.take import Take
from phiz.video import clips, film
from phiz.video.clips import Clip, Entry, Index

SIZE, FPS, FRAMES = 64, 15.0, 30
EVENT = AUEvent(au=4, start=0.4, end=1.6, intensity=1.0)
PEOPLE = (500, 503)


def speech(number: int) -> np.ndarray:
    """(FRAMES, 51) a mouth that opens and closes as in speech, and a blink."""
    rng = np.random.default_rng(number)
    weights = np.zeros((FRAMES, COUNT), np.float32)
    syllables = np.convolve(rng.random(FRAMES + 4), np.hanning(7)[1:-1], "valid")
    weights[:, INDEX["jawOpen"]] = 0.7 * np.clip((syllables - syllables.min()) / np.ptp(syllables), 0, 1)
    weights[:, INDEX["mouthFunnel"]] = 0.4 * rng.random() * np.sin(np.arange(FRAMES) / 3) ** 2
    weights[12:15, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    return weights


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, a clip of each, with an event that lowers the brows."""
    root = tmp_path_factory.mktemp("clips")
    entries = []
    with Studio(SIZE) as studio:
        for number in PEOPLE:
            name = str(number)
            scene = draw_scene(number, rng_for(1, name))
            plain = speech(number)
            span, share = envelope(EVENT, FRAMES, FPS)
            acted = plain.copy()
            acted[span] = np.maximum(acted[span], share[:, None] * pose(EVENT.au))
            turn = 0.06 * np.sin(np.arange(FRAMES)[:, None] / 9 + np.arange(3))
            direction = Direction(emotion=[EmotionKey(mix={"angry": 1.0})], events=[EVENT])
            take, without = Take(acted, turn, FPS), Take(plain, turn, FPS)
            clip = Clip(
                name=name,
                identity=name,
                split="test",
                fps=FPS,
                frames=filmed(studio, person(number), take, scene, FPS, FRAMES),
                portrait=studio.picture(person(number), vector(), None, scene),
                voice=Recording(np.zeros(round(FRAMES / FPS * RATE), np.float32)),
                take=take,
                direction=direction,
                prompts=prompts_of(direction, FRAMES / FPS),
            )
            clips.write_clip(root / name, clip)
            scene.to_file(root / name / "scene.json")
            still = filmed(studio, person(number), without, scene, FPS, FRAMES)
            film.write(root / name / clips.WITHOUT_VIDEO, still, FPS)
            entries.append(Entry(name=name, identity=name, split="test", folder=name))
    clips.write_index(root, Index(fps=FPS, size=SIZE, clips=tuple(entries)))
    return root


Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""What is done to a film and the one without events."""


def made(root: Path, out: Path, change: Change, *, swapped: bool = False) -> dict[str, report.Bar]:
    """The bars of films that are the true ones after a change, or another person's."""
    for number, source in zip(PEOPLE, PEOPLE[::-1] if swapped else PEOPLE, strict=True):
        films = [film.read(root / str(source) / name)[0] for name in (clips.VIDEO, clips.WITHOUT_VIDEO)]
        for name, frames in zip((f"{number}.mp4", f"{number}.without.mp4"), change(*films), strict=True):
            film.write(out / name, frames, FPS)
    return named(measure(out, root))


def named(pairs: list[Pair]) -> dict[str, report.Bar]:
    bars = report.bars(pairs)
    return dict(zip(("opening", "units", "like", "known", "flicker", "standing", "away"), bars, strict=True))


def as_they_are(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return frames, without


def shuffled(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(len(frames))
    return frames[order], without[order]


def frozen(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(frames[:1], len(frames), 0), np.repeat(frames[:1], len(frames), 0)


def noisy(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).normal(0, 9, frames.shape)
    first, second = (np.clip(film + noise, 0, 255).astype(np.uint8) for film in (frames, without))
    return first, second


def without_unit(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return without, without


def brighter(frames: np.ndarray, without: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A unit that changes everything is not shown in its place."""
    return np.clip(frames.astype(int) + 20, 0, 255).astype(np.uint8), without


def test_true_films_reach_every_bar(root: Path, tmp_path: Path) -> None:
    bars = made(root, tmp_path, as_they_are)
    assert all(bar.reached for bar in bars.values()), bars
    assert bars["opening"].generated > 0.9 and bars["opening"].true > 0.9
    assert bars["units"].generated == 1.0 and bars["like"].generated > 0.9
    assert bars["known"].generated == 1.0
    assert bars["flicker"].generated == pytest.approx(1.0, abs=0.1)
    assert bars["away"].generated < 2.0


@pytest.mark.parametrize(
    ("change", "short"),
    [
        (shuffled, {"opening", "flicker"}),
        (frozen, {"opening", "units"}),
        (noisy, {"flicker"}),
        (without_unit, {"units"}),
        (brighter, {"units"}),
    ],
)
def test_wrong_films_fall_short(root: Path, tmp_path: Path, change: Change, short: set[str]) -> None:
    bars = made(root, tmp_path, change)
    assert {name for name, bar in bars.items() if not bar.reached} == short


def test_another_person_is_not_known(root: Path, tmp_path: Path) -> None:
    bars = made(root, tmp_path, as_they_are, swapped=True)
    assert bars["known"].generated < 0.1 and bars["known"].true == 1.0
    assert bars["opening"].generated < 0.7


def test_where_a_long_film_becomes_another_person(root: Path, tmp_path: Path) -> None:
    """The films are there, so none is made: the second's last third shows the first."""
    own, other = (film.read(root / str(number) / clips.VIDEO)[0] for number in PEOPLE)
    films = tmp_path / "films"
    films.mkdir()
    film.write(films / f"{PEOPLE[0]}.mp4", own, FPS)
    film.write(films / f"{PEOPLE[1]}.mp4", np.concatenate([other[:20], own[20:]]), FPS)
    out = tmp_path / "lasting.json"
    voice = str(root / str(PEOPLE[0]) / clips.AUDIO)
    assert lasting.main([str(root), voice, str(films), "-o", str(out)]) == 0
    first, second = json.loads(out.read_text())
    assert first["known"] == [1.0] * lasting.PARTS
    assert second["known"] == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert all(a < b for a, b in zip(first["own"], first["other"], strict=True))
    assert out.with_suffix(".png").stat().st_size > 10_000


def test_the_command(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(root), str(root), "-o", str(tmp_path / "r.json")]) == 0
    said = capsys.readouterr().out
    assert "2 clips of 2 people, 2 Action Unit events" in said and "short" not in said
    data = json.loads((tmp_path / "r.json").read_text())
    assert [row["reached"] for row in data["measures"]] == [True, True, None, True, True, None, None]
    assert data["clips"][0]["generated"] == data["clips"][0]["true"]
    assert (tmp_path / "r.png").stat().st_size > 10_000


def test_films_that_do_not_fit_are_named(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(root)]) == 2
    assert "500.mp4" in capsys.readouterr().err
    frames = film.read(root / "500/video.mp4")[0]
    film.write(tmp_path / "500.mp4", frames[:10], FPS)
    with pytest.raises(FilmsError, match="10 frames"):
        measure(tmp_path, root)
    film.write(tmp_path / "500.mp4", frames[:, :32, :32], FPS)
    with pytest.raises(FilmsError, match="32 x 32"):
        measure(tmp_path, root)


def test_events_without_a_film_to_compare_are_said(root: Path, tmp_path: Path) -> None:
    for number in PEOPLE:
        film.write(tmp_path / f"{number}.mp4", film.read(root / f"{number}/video.mp4")[0], FPS)
    pairs = measure(tmp_path, root)
    assert np.isnan(named(pairs)["units"].generated) and not named(pairs)["units"].reached
    assert report.as_data(pairs)["measures"][1]["generated"] is None
    assert "2 more without a film" in str(report.table(pairs).title)


def test_masks_lie_on_the_face() -> None:
    """The regions of units are where their features are: brows above the mouth, the left on the right."""
    sight = Sight(draw_scene(500, rng_for(1, "500")), SIZE)

    def middle(mask: np.ndarray) -> np.ndarray:
        return np.argwhere(mask).mean(0)  # row, column

    still = np.zeros(3)
    brow, mouth = middle(sight.moved(pose(4), still)), middle(sight.mouth(still))
    left, right = (middle(sight.moved(pose(2, side), still)) for side in ("L", "R"))
    assert mouth[0] - brow[0] > SIZE / 5 and left[1] - right[1] > SIZE / 8
    assert not (sight.still & sight.mouth(still)).any()
    assert 0.2 < sight.still.mean() < 0.7
    turned = middle(sight.mouth(np.array([0.3, 0.0, 0.0])))
    assert turned[1] > mouth[1] + 2

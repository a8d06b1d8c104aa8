"""Folders of clips: what is written is read again, and what does not belong together is named."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from PIL import Image

from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.cotfa.prompts import prompts_of
from phiz.cotfa.steps import Prompts
from phiz.face.channels import COUNT
from phiz.motion.take import Take
from phiz.video import clips, film
from phiz.video.clips import Clip, ClipsError, Entry, Index

FRAMES, FPS, SIZE = 12, 15.0, 32


def picture(phase: float) -> np.ndarray:
    """(SIZE, SIZE, 3) uint8: smooth colours, and an edge."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    out = np.stack([0.5 + 0.4 * np.sin(4 * x + phase), y, np.where(x > 0.5, 0.8, 0.2)], -1)
    return np.round(255 * out).astype(np.uint8)


def clip() -> Clip:
    rng = np.random.default_rng(0)
    direction = Direction(
        emotion=[EmotionKey(mix={"happy": 1.0}, intensity=0.8)],
        events=[AUEvent(au=12, start=0.2, end=0.6, intensity=0.9)],
        seed=3,
    )
    weights = rng.random((2 * FRAMES, COUNT), np.float32)
    return Clip(
        name="a",
        identity="1",
        split="train",
        fps=FPS,
        frames=np.stack([picture(i / 3) for i in range(FRAMES)]),
        portrait=picture(0.0),
        voice=Recording(rng.normal(0, 0.1, round(FRAMES / FPS * RATE)).astype(np.float32)),
        take=Take(weights, np.zeros((2 * FRAMES, 3), np.float32), 2 * FPS),
        direction=direction,
        prompts=prompts_of(direction, FRAMES / FPS),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    clips.write_clip(tmp_path / "one", clip())
    entry = Entry(name="a", identity="1", split="train", folder="one")
    clips.write_index(tmp_path, Index(fps=FPS, size=SIZE, clips=(entry,)))
    return tmp_path


def test_a_clip_comes_back(root: Path) -> None:
    was, (now,) = clip(), clips.load_all(root)
    assert was.take is not None and now.take is not None
    assert now.frames.shape == was.frames.shape and now.fps == FPS
    assert np.abs(now.frames.astype(int) - was.frames).mean() < 2.0
    assert (now.portrait == was.portrait).all()
    assert np.abs(now.voice.samples - was.voice.samples).max() < 1e-4
    assert now.take.fps == FPS and now.take.frames == FRAMES
    assert now.direction == was.direction and now.prompts == was.prompts


def test_same_clip_same_bytes(root: Path, tmp_path: Path) -> None:
    clips.write_clip(tmp_path / "again", clip())
    for file in sorted((root / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_words_alone_or_notes_alone_will_do(root: Path) -> None:
    (root / "one/text.txt").unlink()
    (found,) = clips.load_all(root)
    assert found.prompts == clip().prompts
    (root / "one/direction.json").unlink()
    (root / "one/text.txt").write_text("A face that speaks.\nThe brows rise.\n")
    (root / "one/take.npz").unlink()
    (found,) = clips.load_all(root)
    assert found.direction is None and found.take is None
    assert found.prompts == Prompts(coarse="A face that speaks.", fine="The brows rise.")


def wide_portrait(root: Path) -> None:
    Image.fromarray(picture(0)[:, :-2]).save(root / "one/portrait.png")


def wide_film(root: Path) -> None:
    film.write(root / "one/video.mp4", clip().frames[:, :-4], FPS)


def other_rate(root: Path) -> None:
    film.write(root / "one/video.mp4", clip().frames, 25.0)


def short_sound(root: Path) -> None:
    cut = dataclasses.replace(clip(), voice=Recording(clip().voice.samples[:4000]))
    clips.write_clip(root / "one", cut)


def short_take(root: Path) -> None:
    take = clip().take
    assert take is not None
    Take(take.weights[:8], take.head[:8], take.fps).save(root / "one/take.npz")


def no_words(root: Path) -> None:
    (root / "one/text.txt").unlink()
    (root / "one/direction.json").unlink()


def one_line(root: Path) -> None:
    (root / "one/text.txt").write_text("A face that speaks.\n")


def no_portrait(root: Path) -> None:
    (root / "one/portrait.png").unlink()


def no_index(root: Path) -> None:
    (root / "clips.json").unlink()


def face_on_both_sides(root: Path) -> None:
    index = json.loads((root / "clips.json").read_text())
    index["clips"].append({"name": "b", "identity": "1", "split": "test", "folder": "one"})
    (root / "clips.json").write_text(json.dumps(index))


def unknown_field(root: Path) -> None:
    index = json.loads((root / "clips.json").read_text())
    (root / "clips.json").write_text(json.dumps(index | {"colour": "red"}))


@pytest.mark.parametrize(
    ("broken", "error", "says"),
    [
        (wide_portrait, clips.PictureError, "30 x 32"),
        (wide_film, clips.PictureError, "32 x 28"),
        (other_rate, clips.PictureError, "25 frames"),
        (short_sound, clips.LengthError, "0.25 s long"),
        (short_take, clips.LengthError, "take.npz"),
        (no_words, clips.MissingFileError, "neither"),
        (one_line, ClipsError, "two lines"),
        (no_portrait, clips.MissingFileError, "portrait.png"),
        (no_index, clips.NoClipsError, "clips.json"),
        (face_on_both_sides, clips.BadIndexError, "both train and test"),
        (unknown_field, clips.BadIndexError, "colour"),
    ],
)
def test_what_is_broken_is_named(root: Path, broken, error: type[ClipsError], says: str) -> None:
    broken(root)
    with pytest.raises(error, match=says):
        list(clips.load_all(root))


def test_a_split_without_clips_is_named(root: Path) -> None:
    with pytest.raises(clips.NoClipsError, match="test"):
        list(clips.load_all(root, "test"))


def test_films(tmp_path: Path) -> None:
    path, frames = tmp_path / "f.mp4", clip().frames
    film.write(path, frames, 29.97, clip().voice.samples, every_player=True)
    back, fps = film.read(path)
    assert back.shape == frames.shape and abs(fps - 29.97) < 1e-2
    with pytest.raises(film.FilmError, match="uint8"):
        film.write(path, frames.astype(np.float32), FPS)
    with pytest.raises(film.FilmError, match="even sides"):
        film.write(path, frames[:, :-1], FPS, every_player=True)
    assert film.read(path)[1] == fps  # what stood there stays
    path.write_bytes(b"no film")
    with pytest.raises(film.FilmError, match="as a film"):
        film.read(path)
    with pytest.raises(film.FilmError, match="no film"):
        film.read(tmp_path / "nothing.mp4")


def test_a_changing_rate_is_named(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "f.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv444p"
        for at, pixels in zip((0, 1, 2, 5, 6), clip().frames, strict=False):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(film.FilmError, match="constant rate"):
        film.read(tmp_path / "f.mp4")


def test_words_of_a_direction() -> None:
    direction = Direction(
        emotion=[
            EmotionKey(mix={"neutral": 1.0}),
            EmotionKey(time=1.0, mix={"sad": 1.0}, intensity=0.5),
            EmotionKey(time=2.0, mix={"sad": 1.0}, intensity=0.5),
        ],
        events=[AUEvent(au=4, start=0.5, end=9.0), AUEvent(au=12, start=5.0, end=6.0)],
    )
    words = prompts_of(direction, 3.0)
    assert words.coarse == "A face that speaks, clearly sad from 1.0 to 3.0 s."
    assert "from 0.5 to 3.0 s" in words.fine.casefold() and words.fine.count(";") == 0
    assert prompts_of(Direction(), 3.0).coarse == "A face that speaks."

"""Films of our own heads: people by number, what the studio shows of them, and the folder they fill."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("moderngl")
pytest.importorskip("av")

from phiz.cli import main
from phiz.corpus.clips import rng_for
from phiz.corpus.portraits.acting import NoSpeechError, Voices, draw_direction
from phiz.corpus.portraits.identities import identity
from phiz.corpus.portraits.scene import Camera, Light, Scene, SceneError, draw_scene
from phiz.corpus.portraits.studio import Studio, on_picture
from phiz.corpus.portraits.surface import Surface, surface_of
from phiz.face.channels import COUNT, vector
from phiz.face.head import demo_head
from phiz.face.head.normals import vertex_normals
from phiz.video import clips, film

SIZE = 64
VOICE = Path(__file__).parents[1] / "docs/demo/voice.flac"
REST = np.zeros(COUNT, np.float32)


@pytest.fixture(scope="module")
def surface() -> Surface:
    return surface_of(demo_head(identity(3)))


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with Studio(SIZE) as made:
        yield made


def wall(scene: Scene) -> np.ndarray:
    """(3,) sRGB 0..255 of a wall of one colour."""
    light = np.array(scene.top)
    return 255 * (1.055 * light ** (1 / 2.4) - 0.055)


def test_a_number_is_a_person() -> None:
    assert identity(5) == identity(5)
    people = [identity(number) for number in range(12)]
    assert len({(p.shape.face_width, p.palette.skin) for p in people}) == 12
    assert {p.shape.hair for p in people} == {"knot", "quiff", "wreath", "mop"}


def test_the_same_picture_every_time(studio: Studio, surface: Surface) -> None:
    scene = draw_scene(3, rng_for(0, "scene"))
    pose, turn = vector(jawOpen=0.5, mouthSmileLeft=0.7), np.array([0.1, 0.05, -0.1])
    first = studio.picture(surface, pose, turn, scene)
    studio.picture(surface_of(demo_head(identity(4))), REST, None, draw_scene(4, rng_for(1, "scene")))
    again = studio.picture(surface, pose, turn, scene)
    assert first.shape == (SIZE, SIZE, 3) and first.dtype == np.uint8
    assert (first == again).all()
    with Studio(SIZE) as other:
        assert (other.picture(surface, pose, turn, scene) == first).all()


def test_every_pixel_is_a_number(studio: Studio) -> None:
    """Also at the tips of locks, where normals cancel out."""
    made = surface_of(demo_head(identity(11)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(6):
            scene = draw_scene(11, rng_for(k, "scene"))
            studio.picture(made, vector(jawOpen=0.7), np.array([0.2 - 0.05 * k, 0.1, 0.1]), scene)


def test_points_lie_where_they_are_seen(studio: Studio, surface: Surface) -> None:
    """The outline on the picture is that of the vertices by `on_picture`."""
    even = (0.02, 0.4, 0.02)
    scene = Scene(identity=3, camera=Camera(height=0.5, yaw=0.4, rise=0.2), top=even, bottom=even)
    picture = studio.picture(surface, REST, None, scene)
    seen = np.abs(picture - wall(scene)).max(2) > 12
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    place = on_picture(surface.posed(REST)[surface.source], scene.camera, SIZE)
    low, high = place.min(0), place.max(0)
    assert np.abs(np.array([columns[0], rows[0]]) - low).max() < 1.5
    assert np.abs(np.array([columns[-1] + 1, rows[-1] + 1]) - high).max() < 1.5


def test_light_comes_from_where_it_is(studio: Studio, surface: Surface) -> None:
    no = (0.0, 0.0, 0.0)
    left, right = (
        studio.picture(
            surface,
            REST,
            None,
            Scene(
                identity=3,
                light=Light(yaw=yaw, fill=no, rim=no, sky=no, ground=no),
                top=no,
                bottom=no,
            ),
        )
        for yaw in (1.2, -1.2)
    )
    half = SIZE // 2
    assert left[:, half:].mean() > 2 * left[:, :half].mean()  # the character's left is the picture's right
    assert right[:, :half].mean() > 2 * right[:, half:].mean()


def test_a_blink_is_seen_at_its_eye_alone(studio: Studio, surface: Surface) -> None:
    scene = Scene(identity=3)
    change = np.abs(
        studio.picture(surface, vector(eyeBlinkLeft=1.0), None, scene).astype(int)
        - studio.picture(surface, REST, None, scene)
    ).max(2)
    rows, columns = np.nonzero(change > 20)
    moved = np.linalg.norm(surface.head.keys["eyeBlinkLeft"], axis=1) > 1e-4
    place = on_picture(surface.head.vertices[moved], scene.camera, SIZE)
    assert len(rows) > 10
    assert columns.min() >= place[:, 0].min() - 2 and columns.max() <= place[:, 0].max() + 2
    assert rows.min() >= place[:, 1].min() - 2 and rows.max() <= place[:, 1].max() + 2


def test_a_head_turns_on_its_shoulders(surface: Surface) -> None:
    nose = surface.head.vertices[:, 1].argmin()
    left = surface.posed(REST, np.array([0.3, 0.0, 0.0]))[nose] - surface.head.vertices[nose]
    down = surface.posed(REST, np.array([0.0, 0.3, 0.0]))[nose] - surface.head.vertices[nose]
    top = surface.head.vertices[:, 2].argmax()
    roll = surface.posed(REST, np.array([0.0, 0.0, 0.3]))[top] - surface.head.vertices[top]
    assert left[0] > 0.02 and down[2] < -0.02 and roll[0] < -0.02
    shoulders = surface.head.vertices[:, 2] < -0.16
    turned = surface.posed(REST, np.array([0.3, 0.2, 0.1]))
    assert (turned[shoulders] == surface.head.vertices[shoulders]).all()


def test_normals_are_those_of_the_mesh(surface: Surface) -> None:
    """Nearly: here the larger triangles weigh more, there those with the wider angle."""
    posed = surface.posed(vector(jawOpen=0.4))
    exact = vertex_normals(posed, surface.source[surface.faces])
    alike = (surface.normals(posed) * exact).sum(1)[np.unique(surface.source)]
    assert np.median(alike) > 0.999 and np.percentile(alike, 1) > 0.5


def test_a_scene_in_a_file(tmp_path: Path) -> None:
    scene = draw_scene(3, rng_for(0, "scene"))
    scene.to_file(tmp_path / "scene.json")
    assert Scene.from_file(tmp_path / "scene.json") == scene
    with pytest.raises(SceneError, match="Only rendered"):
        Scene.from_file(tmp_path / "none.json")
    (tmp_path / "scene.json").write_text('{"identity": 1, "sun": 2}')
    with pytest.raises(SceneError, match="sun"):
        Scene.from_file(tmp_path / "scene.json")


def test_events_are_drawn_apart() -> None:
    for number in range(40):
        rng = np.random.default_rng(number)
        events = draw_direction(rng, 2.4, number).events
        assert all(e.start >= 0 and e.end <= 2.4 and e.end - e.start > 0.7 for e in events)
        assert all(a.end < b.start for a, b in pairwise(events))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two recordings, one for either split."""
    folder = tmp_path / "data/one"
    folder.mkdir(parents=True)
    for name in ("a.flac", "c.flac"):
        shutil.copy(VOICE, folder / name)
    return tmp_path / "data"


def test_voices(data: Path, tmp_path: Path) -> None:
    voices = Voices(data)
    piece = voices.piece(np.random.default_rng(0), "test", 1.5)
    assert piece.seconds == pytest.approx(1.5, abs=1e-3) and np.abs(piece.samples).max() > 0.02
    with pytest.raises(NoSpeechError, match="longer"):
        voices.piece(np.random.default_rng(0), "test", 500.0)
    with pytest.raises(NoSpeechError, match="Found 0"):
        Voices(tmp_path / "nothing")


def test_the_folder(data: Path, tmp_path: Path) -> None:
    """Whole, equal on a second run, and its films follow its Takes. Slow: two films and more, twice."""
    few = ["--people", "1", "--each", "1", "--test-people", "1", "--test-each", "1", "--seed", "1"]
    for name in ("one", "two"):
        assert main(["clips", str(data), str(tmp_path / name), "--size", "32", "--fps", "12", *few]) == 0
    made = list(clips.load_all(tmp_path / "one"))
    assert [clip.split for clip in made] == ["train", "test"]
    assert [clip.identity for clip in made] == ["1000", "1500"]
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    for clip in made:
        assert clip.take is not None and clip.take.frames == len(clip.frames) and clip.fps == 12
        assert clip.voice.seconds == pytest.approx(clip.seconds, abs=1e-3)
        assert np.abs(clip.frames.astype(int) - clip.portrait).mean() > 1.0
        without = tmp_path / "one" / clip.name / clips.WITHOUT_VIDEO
        has_events = clip.direction is not None and bool(clip.direction.events)
        assert without.is_file() == (clip.split == "test" and has_events)
        if without.is_file():
            assert film.read(without)[0].shape == clip.frames.shape


def test_no_speech_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["clips", str(tmp_path / "empty"), str(tmp_path / "out")]) == 2
    assert "Found 0 recordings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--size", "8", "size"),
        ("--fps", "0", "fps"),
        ("--people", "900", "500"),
        ("--seed", "-1", "0 or more"),
    ],
)
def test_what_cannot_be_filmed_is_one_line(
    option: str, value: str, says: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clips", str(data), str(tmp_path / "out"), option, value]) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "out").exists()

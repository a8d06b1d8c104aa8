"""Live Link Face CSV: written as the app writes it, read as it comes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from phiz.face.channels import CHANNELS, COUNT, INDEX
from phiz.motion import livelink, timecode
from phiz.motion.livelink import LiveLinkError
from phiz.motion.take import Take, load

# Facts of the app's own files.
FIRST = "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,"
JAW = ",JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,"
LAST = (
    ",NoseSneerRight,TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,"
    "RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def take(frames: int = 90, fps: float = 30.0) -> Take:
    rng = np.random.default_rng(0)
    return Take(rng.uniform(0, 1, (frames, COUNT)), rng.uniform(-0.5, 0.5, (frames, 3)), fps)


def saved(folder: Path, frames: int = 90, fps: float = 30.0) -> Path:
    path = folder / "take.csv"
    take(frames, fps).save(path)
    return path


def edited(path: Path, change) -> Path:
    """Rewrite the file with `change(lines) -> lines`."""
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    return path


def test_the_form_of_the_app(tmp_path: Path) -> None:
    content = saved(tmp_path).read_bytes()
    assert content.endswith(b"\n") and b"\r" not in content and not content.startswith(b"\xef\xbb\xbf")
    header, *lines = content.decode("ascii").splitlines()
    assert header.startswith(FIRST) and JAW in header and header.endswith(LAST)
    assert len(header.split(",")) == 63 and len(set(livelink.COLUMNS)) == 61
    assert len(lines) == 90
    number = r"-?\d\.\d{10}"
    for line in lines:
        assert re.fullmatch(rf"\d\d:\d\d:\d\d:\d\d\.\d\d\d,61(,{number}){{61}}", line)


def test_values_stand_under_their_names(tmp_path: Path) -> None:
    header, first, *_ = saved(tmp_path).read_text().splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    original = take()
    for name in CHANNELS:
        assert float(row[name[0].upper() + name[1:]]) == pytest.approx(original.channel(name)[0], abs=1e-9)
    head = [float(row[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
    yaw, pitch, roll = original.head[0]
    np.testing.assert_allclose(head, (-yaw, pitch, -roll), atol=1e-9)
    assert float(row["TongueOut"]) == 0.0


def test_eye_rotations_follow_the_gaze_as_in_the_app() -> None:
    """A look to the character's right and down: both eyes turn alike, by 0.61 rad for a full look."""
    weights = np.zeros((2, COUNT))
    for name in ("eyeLookInLeft", "eyeLookOutRight", "eyeLookDownLeft", "eyeLookDownRight"):
        weights[1, INDEX[name]] = 0.5
    left, right = livelink.eye_rotation(weights, "Left"), livelink.eye_rotation(weights, "Right")
    np.testing.assert_allclose(left[0], [-0.066, 0, 0], atol=1e-9)  # at rest the eyes stand outwards
    np.testing.assert_allclose(right[0], [0.066, 0, 0], atol=1e-9)
    np.testing.assert_allclose((left - left[0])[1, :2], [0.305, 0.306], atol=1e-9)
    np.testing.assert_allclose((right - right[0])[1, :2], [0.305, 0.306], atol=1e-9)
    np.testing.assert_allclose(right[:, 2], right[:, 0] * right[:, 1])
    raised = np.zeros((1, COUNT))
    raised[0, INDEX["eyeLookUpLeft"]] = 1.0
    assert livelink.eye_rotation(raised, "Left")[0, 1] == pytest.approx(-0.448)


def test_timecode_counts_30_or_60_and_carries_over() -> None:
    assert list(timecode.timecodes(3, 30.0)) == ["00:00:00:00.000", "00:00:00:01.000", "00:00:00:02.000"]
    assert list(timecode.timecodes(3, 24.0))[1:] == ["00:00:00:01.250", "00:00:00:02.500"]
    codes = list(timecode.timecodes(60 * 3661 + 1, 60.0))
    assert codes[59] == "00:00:00:59.000" and codes[60] == "00:00:01:00.000"
    assert codes[-1] == "01:01:01:00.000"
    ntsc = list(timecode.timecodes(30_001, 30000 / 1001))
    assert ntsc[-1] == "00:16:41:00.000"  # 30000 frames of 29.97 last 1001 s: no frames are dropped
    assert all(float(code.rsplit(":", 1)[1]) < 30 for code in ntsc)


@pytest.mark.parametrize(
    "fps", [12.0, 23.976, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0, 17.3]
)
@pytest.mark.parametrize("frames", [5, 333])
def test_every_frame_rate_comes_back(tmp_path: Path, fps: float, frames: int) -> None:
    back = load(saved(tmp_path, frames, fps))
    assert back.frames == frames
    assert back.fps == pytest.approx(fps, rel=2e-4 if frames == 5 else 2e-5)
    np.testing.assert_allclose(back.weights, take(frames, fps).weights, atol=1e-6)


def test_a_30_fps_take_counted_in_sixtieths_with_the_clock_of_a_phone(tmp_path: Path) -> None:
    """As the app does: steps of 1.9997 counts, from some time of day over midnight, two frames dropped."""

    def recode(lines: list[str]) -> list[str]:
        out = lines[:1]
        for i, line in enumerate(lines[1:]):
            if i in (40, 41):
                continue
            seconds, count = divmod((86399 * 60 + 1.169 + i * 1.9997), 60)
            day = int(seconds) % 86400
            code = f"{day // 3600:02d}:{day // 60 % 60:02d}:{day % 60:02d}:{count:06.3f}"
            out.append(code + line[line.index(",") :])
        return out

    back = load(edited(saved(tmp_path), recode))
    assert back.fps == 30.0 and back.frames == 90
    assert back.origin["filled_frames"] == 2
    original = take().weights
    np.testing.assert_allclose(
        np.delete(back.weights, (40, 41), 0), np.delete(original, (40, 41), 0), atol=1e-6
    )
    np.testing.assert_allclose(back.weights[40], original[39] * 2 / 3 + original[42] / 3, atol=1e-6)


def test_untracked_frames_are_filled_and_keep_their_time(tmp_path: Path) -> None:
    def untrack(lines: list[str]) -> list[str]:
        return [line.split(",")[0] + ",0" if i in (1, 2, 11, 90) else line for i, line in enumerate(lines)]

    back = load(edited(saved(tmp_path), untrack))
    original = take().weights
    assert back.frames == 90 and back.origin["filled_frames"] == 4
    np.testing.assert_allclose(back.weights[0], original[2], atol=1e-6)
    np.testing.assert_allclose(back.weights[10], (original[9] + original[11]) / 2, atol=1e-6)
    np.testing.assert_allclose(back.weights[89], original[88], atol=1e-6)


def test_columns_in_another_order_and_number(tmp_path: Path) -> None:
    def shuffle(lines: list[str]) -> list[str]:
        rows = [line.split(",") for line in lines]
        kept = [i for i, name in enumerate(rows[0]) if not name.startswith(("RightEye", "TongueOut"))][::-1]
        rows[0] = [name.upper() if i % 2 else name for i, name in enumerate(rows[0])]
        table = [[row[i] for i in kept] for row in rows]
        return [",".join([*row, "Extra" if i == 0 else "0.5"]) for i, row in enumerate(table)]

    back = load(edited(saved(tmp_path), shuffle))
    np.testing.assert_allclose(back.weights, take().weights, atol=1e-6)
    np.testing.assert_allclose(back.head, take().head, atol=1e-6)


def test_without_head_columns_the_head_is_still(tmp_path: Path) -> None:
    def strip(lines: list[str]) -> list[str]:
        return [",".join(line.split(",")[:54]) for line in lines]

    back = load(edited(saved(tmp_path), strip))
    assert not back.head.any() and back.weights.any()


def test_blank_repeated_swapped_and_cut_lines(tmp_path: Path) -> None:
    path = saved(tmp_path)
    edited(path, lambda lines: [*lines[:5], "", lines[4], lines[6], lines[5], *lines[7:], " ", ",,,"])
    path.write_text("\ufeff" + path.read_text().rstrip(", \n") + "\r\n00:00:03:00.000,61,0.123,0.4")
    back = load(path)
    assert back.frames == 90
    np.testing.assert_allclose(back.weights, take().weights, atol=1e-6)


def test_lines_at_uneven_times_are_resampled(tmp_path: Path) -> None:
    path = tmp_path / "uneven.csv"
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.uniform(0.6, 1.4, 200)) / 30
    ramp = Take(np.tile(times[:, None] / 10, (1, COUNT)), np.zeros((200, 3)), 30)
    ramp.save(path)

    def recode(lines: list[str]) -> list[str]:
        codes = [f"00:00:{int(t):02d}:{t % 1 * 30:06.3f}" for t in times]
        return [lines[0], *(c + line[line.index(",") :] for c, line in zip(codes, lines[1:], strict=True))]

    back = load(edited(path, recode))
    expected = (times[0] + np.arange(back.frames) / back.fps) / 10
    np.testing.assert_allclose(back.channel("jawOpen"), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda lines: [], "first line"),
        (lambda lines: ["a,b,c", *lines[1:]], "first line"),
        (lambda lines: [lines[0].replace("JawOpen", "Jaw"), *lines[1:]], "columns JawOpen"),
        (lambda lines: lines[:1], "no frame"),
        (lambda lines: [lines[0], "01:02:03:04.567,0", "01:02:03:05.567,0"], "no frame"),
        (
            lambda lines: [*lines[:3], "00:00:00:09.000,61,0.5", *lines[4:]],
            "line 4: expected 63 fields, got 3",
        ),
        (lambda lines: [*lines[:-1], "09" + lines[-1][2:]], "9.0 hours apart"),
        (lambda lines: [*lines[:3], "noon" + lines[3][15:], *lines[4:]], "line 4: expected a timecode"),
        (lambda lines: [*lines[:3], lines[3][:19] + "much" + lines[3][31:], *lines[4:]], "line 4: could not"),
        (lambda lines: [*lines[:3], lines[3][:19] + "nan" + lines[3][31:], *lines[4:]], "not numbers"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, change, named: str) -> None:
    path = edited(saved(tmp_path, 6), change)
    with pytest.raises(LiveLinkError, match=named) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_all_lines_at_one_time_are_one_frame(tmp_path: Path) -> None:
    path = edited(
        saved(tmp_path, 6), lambda lines: [lines[0], *("00:00:00:00.000" + line[15:] for line in lines[1:])]
    )
    assert load(path).frames == 1


def test_overshoot_of_the_tracker_is_clipped(tmp_path: Path) -> None:
    path = edited(saved(tmp_path, 6), lambda lines: [lines[0], *(x.replace(",0.", ",1.") for x in lines[1:])])
    assert load(path).weights.max() == 1.0

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A note in the sidebar: thought about, corrected in rows, put on the face as strips, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from checking_layout import Drawn, draw  # noqa: E402
from test_sidebar import small_head  # noqa: E402

import blender_addon  # noqa: E402
from blender_addon import (  # noqa: E402
    character,
    note_reader,
    panels_words,
    performance,
    preferences,
    strips,
    words,
)
from phiz.cotfa.backends import BackendError  # noqa: E402
from phiz.cotfa.trace import Trace  # noqa: E402
from tests.standin import standin  # noqa: E402

VOICE = Path(__file__).parent.parent / "docs/demo/voice.flac"
NOTE = "She smiles on the left at 2 seconds, sadly, without frowning."


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def face() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    face = character.add(small_head(), bpy.context.scene)
    face.phiz.voice_file = str(VOICE)
    return face


def said(quote: str) -> dict[str, Any]:
    start = NOTE.index(quote)
    return {"start": start, "end": start + len(quote), "text": quote}


def thought() -> Trace:
    """A chain as any backend might give it."""
    sadness = {"mix": {"sad": 1.0}, "intensity": 0.6, "start": 0.0, "end": 10.9, "because": said("sadly")}
    smile = {"au": 12, "side": "L", "start": 2.0, "end": 4.0, "intensity": 0.7, "because": said("smiles")}
    frown = {"au": 4, "start": 0.0, "end": 10.9, "intensity": 0.0, "because": said("without frowning")}
    return Trace(
        text=NOTE, duration=10.9, backend="test", reading={"feelings": [sadness]}, units=[smile, frown]
    )


def panels() -> dict[str, Drawn]:
    drawn = {cls.bl_idname: draw(cls, bpy.context) for cls in panels_words.CLASSES}
    return {name: panel for name, panel in drawn.items() if panel is not None}


def events(face: Any) -> list[tuple[int, str, float, float]]:
    found = strips.read(face, bpy.context.scene, 1, 10.9).events
    return [(e.au, e.side, round(e.start, 2), round(e.intensity, 2)) for e in found]


def test_think_reads_the_note_for_the_length_of_the_recording(face: Any) -> None:
    assert set(panels()) == {"PHIZ_PT_words"} and not bpy.ops.phiz.think.poll()
    assert "Write how the line is to be acted" in panels()["PHIZ_PT_words"].text
    face.phiz.words = NOTE
    assert bpy.ops.phiz.think() == {"FINISHED"}
    trace = words.read(face.phiz)
    assert trace is not None and trace.text == NOTE
    assert trace.duration == pytest.approx(performance.heard_span(bpy.context.scene, face)[1])
    assert len(panels()) == 5
    face.phiz.words = "She frowns."
    assert "think again" in panels()["PHIZ_PT_words"].text
    face.phiz.words = "x" * 5000
    with pytest.raises(RuntimeError, match="at most"):
        bpy.ops.phiz.think()
    assert words.read(face.phiz) == trace, "a note that cannot be read leaves what there was"
    bpy.ops.phiz.forget_words()
    assert words.read(face.phiz) is None and not bpy.ops.phiz.apply_words.poll()


def test_every_step_is_shown_with_the_words_that_caused_it(face: Any) -> None:
    face.phiz.words = NOTE
    words.keep(face.phiz, thought())
    drawn = panels()
    assert '"sadly"' in drawn["PHIZ_PT_words_reading"].text
    units = drawn["PHIZ_PT_words_units"]
    assert '"smiles"' in units.text and units.properties.count("enabled") == len(face.phiz.words_units)
    trace = words.read(face.phiz)
    assert trace is not None
    assert all(muscle.muscles[:20] in drawn["PHIZ_PT_words_muscles"].text for muscle in trace.muscles)
    assert trace.prompts.coarse[:10] in drawn["PHIZ_PT_words_prompts"].text


def test_rows_change_the_chain(face: Any) -> None:
    words.keep(face.phiz, thought())
    smile = next(i for i, unit in enumerate(thought().units) if unit.au == 12)
    face.phiz.words_units[smile].intensity = 0.25
    trace = words.read(face.phiz)
    assert trace is not None and trace.units[smile].intensity == pytest.approx(0.25)
    face.phiz.words_units[smile].enabled = False
    trace = words.read(face.phiz)
    assert trace is not None and not any(event.au == 12 for event in trace.direction().events)
    face.phiz.words_feelings[0].enabled = False
    trace = words.read(face.phiz)
    assert trace is not None and trace.direction().emotion is None
    assert len(face.phiz.words_units) == len(trace.units), "units that the feeling showed are gone"


def test_apply_replaces_the_strips_of_the_last_note_and_no_others(face: Any) -> None:
    scene = bpy.context.scene
    own = strips.add(face, scene, 30, 1, "B")
    own_name = own.name
    face.phiz.style, face.phiz.seed = "lively", 7
    words.keep(face.phiz, thought())
    assert bpy.ops.phiz.apply_words() == {"FINISHED"}
    assert (12, "L", 2.0, 0.7) in events(face) and (4, "B", 0.0, 0.0) in events(face)
    assert not face.phiz.emotion_heard
    shares = {entry.emotion: entry.share for entry in face.phiz.emotions}
    assert shares == {"sad": 1.0} and face.phiz.intensity == pytest.approx(0.6)
    assert (face.phiz.style, face.phiz.seed) == ("lively", 7)
    first = events(face)
    bpy.ops.phiz.apply_words()
    assert events(face) == first, "twice is as once"
    face.phiz.words_units[0].intensity = 0.3
    bpy.ops.phiz.apply_words()
    assert (12, "L", 2.0, 0.3) in events(face) and (12, "L", 2.0, 0.7) not in events(face)
    assert own_name in [strip.name for _, strip, _ in strips.on(face)]
    words.remove(face)
    assert events(face) == [(1, "B", pytest.approx(29 / 24, abs=0.01), 1.0)]
    assert [action.name for action in bpy.data.actions if action.get(words.WORDED)] == []


def test_what_another_version_wrote_counts_as_nothing(face: Any) -> None:
    face.phiz.words_read = '{"version": 99}'
    assert words.read(face.phiz) is None and set(panels()) == {"PHIZ_PT_words"}


# A language model's server


@pytest.fixture
def online(face: Any) -> Iterator[None]:  # after the face, which comes with fresh preferences
    system = bpy.context.preferences.system
    before, system.use_online_access = system.use_online_access, True
    yield
    system.use_online_access = before


ANSWER = '{"feelings": [], "units": [{"words": "smiles on the left", "au": 12, "side": "L", "start": 2}]}'


def named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(preferences, "server", lambda: preferences.Server(url, "tiny"))


def test_a_server_is_asked_only_where_blender_may_go_online(
    face: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    face.phiz.words = NOTE
    with standin(ANSWER) as server:
        named(monkeypatch, server.url)
        bpy.context.preferences.system.use_online_access = False
        assert not bpy.ops.phiz.think.poll()
        assert "Allow Online Access" in panels()["PHIZ_PT_words"].text
        with pytest.raises(RuntimeError):
            bpy.ops.phiz.think()
        with pytest.raises(BackendError, match="Allow Online Access"):
            note_reader.wanted()
    assert not server.asked


@pytest.mark.usefixtures("online")
def test_a_language_model_reads_where_a_server_is_named(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    face.phiz.words = NOTE
    with standin(ANSWER, "no", "no") as server:
        bpy.ops.phiz.think()
        assert not server.asked, "nobody named a server"
        named(monkeypatch, server.url)
        bpy.ops.phiz.think()
        trace = words.read(face.phiz)
        assert trace is not None and trace.backend.startswith("openai tiny") and trace.units[0].start == 2.0
        with pytest.raises(RuntimeError, match="no usable answer"):
            bpy.ops.phiz.think()
        assert words.read(face.phiz) == trace

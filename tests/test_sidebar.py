# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The sidebar in all its states, drawn through a layout that checks what Blender would only mumble about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from checking_layout import CheckingLayout, Drawn, draw, explained  # noqa: E402

import blender_addon  # noqa: E402
from blender_addon import character, event_list, generation, performance, properties, sidebar, strips  # noqa: E402
from blender_addon.voice import Voice  # noqa: E402
from phiz.acting.direction import Direction  # noqa: E402
from phiz.acting.presets import PRESETS  # noqa: E402
from phiz.face.channels import CHANNELS, REGIONS  # noqa: E402
from phiz.face.head import VARIATIONS, Head  # noqa: E402
from phiz.motion import take as takes  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

VOICE = Path(__file__).parent.parent / "docs/demo/voice.flac"
PANELS = [cls for cls in sidebar.CLASSES if issubclass(cls, bpy.types.Panel)]


def small_head(keys: tuple[str, ...] = CHANNELS) -> Head:
    vertices = np.array([(0, -1, 0), (-1, 1, 0), (1, 1, 0), (0, 0, 1)], np.float32)
    lift = np.zeros((4, 3), np.float32)
    lift[0, 2] = 0.01
    return Head(
        vertices=vertices,
        faces=[(0, 2, 3), (0, 3, 1), (0, 1, 2), (1, 3, 2)],
        material_index=np.array([0, 0, 0, 0]),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),),
        keys={name: lift for name in keys},
    )


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def scene() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    generation.forget()
    return bpy.context.scene


@pytest.fixture
def face(scene: Any) -> Any:
    return character.add(small_head(), scene)


def shown() -> dict[str, Drawn]:
    """Every panel that is there now, by its idname."""
    drawn = {cls.bl_idname: draw(cls, bpy.context) for cls in PANELS}
    return {name: panel for name, panel in drawn.items() if panel is not None}


def test_without_a_face_the_demo_head_is_offered(scene: Any) -> None:
    panels = shown()
    assert set(panels) == {"PHIZ_PT_face"}
    offered = [given["variation"] for _, given in panels["PHIZ_PT_face"].operators if "variation" in given]
    assert panels["PHIZ_PT_face"].has("phiz.add_demo_head") and offered == list(VARIATIONS)


def test_every_part_is_there_in_the_order_of_work(face: Any) -> None:
    top = [cls.bl_label for cls in PANELS if not hasattr(cls, "bl_parent_id")]
    assert top == ["Face", "Voice", "Words", "Acting", "Action Units", "Generate", "Result", "Video"]
    assert len(shown()) >= len(top) - 1


def test_the_button_says_why_it_is_grey(face: Any) -> None:
    assert "Choose a recording under Voice." in shown()["PHIZ_PT_generate"].text
    assert not bpy.ops.phiz.generate.poll()
    with pytest.raises(RuntimeError, match="Choose a recording"):
        bpy.ops.phiz.generate()
    face.phiz.voice_file = "//gone.wav"
    assert "There is no file gone.wav" in shown()["PHIZ_PT_generate"].text
    face.phiz.voice_file = str(VOICE)
    assert bpy.ops.phiz.generate.poll()
    assert not shown()["PHIZ_PT_generate"].labels


def test_a_partial_face_says_what_it_lacks(scene: Any) -> None:
    character.add(small_head(tuple(name for name in CHANNELS if not name.startswith("brow"))), scene)
    panels = shown()
    assert "46 of 51 movements" in panels["PHIZ_PT_face"].text
    assert "Without browInnerUp: no worry" in panels["PHIZ_PT_mapping"].text


def test_a_mapping_by_hand_counts(scene: Any) -> None:
    face = character.add(small_head((*CHANNELS[:-1], "Knurpf")), scene)
    assert "50 of 51" in shown()["PHIZ_PT_face"].text
    bpy.ops.phiz.map_channel(channel=CHANNELS[-1])
    face.phiz.mapping[0].key = "Knurpf"
    assert "51 of 51" in shown()["PHIZ_PT_face"].text
    assert "key" in shown()["PHIZ_PT_mapping"].properties
    bpy.ops.phiz.unmap_channel(index=0)
    assert "50 of 51" in shown()["PHIZ_PT_face"].text


def test_what_runs_shows_progress_and_cancel(face: Any) -> None:
    face.phiz.voice_file = str(VOICE)
    voice = Voice(VOICE, 0.0, 1.0, 1.0)
    generation.state.run = generation.Run(
        bpy.context.scene.session_uid, face.session_uid, voice, 0, None, None, {-1: Path("none")}, {-1: 0.25}
    )
    panel = shown()["PHIZ_PT_generate"]
    assert panel.progress == [0.25]
    assert panel.has("phiz.cancel")
    assert not panel.has("phiz.generate")
    assert not bpy.ops.phiz.generate.poll()
    generation.state.run = None


def test_a_failure_stays_in_view_with_its_details(face: Any) -> None:
    generation.state.failure = generation.Failure("The disk is full. Make room.", "all of it")
    panel = shown()["PHIZ_PT_generate"]
    assert "The disk is full. Make room." in panel.text
    assert panel.has("phiz.copy_details")
    bpy.ops.phiz.copy_details()
    assert generation.state.failure.details == "all of it"


def test_many_notes_are_summed_up(face: Any) -> None:
    generation.state.notes = tuple(f"Key {number} is muted." for number in range(51))
    text = shown()["PHIZ_PT_generate"].text
    assert "Key 1 is muted." in text
    assert "Key 2 is muted." not in text
    assert "And 49 more." in text


def test_units_are_added_at_the_playhead_and_listed(scene: Any, face: Any) -> None:
    scene.frame_set(20)
    bpy.ops.phiz.add_event(unit="12")
    assert [round(strip.frame_start) for _, strip, _ in strips.on(face)] == [20]
    rows = bpy.context.window_manager.phiz.events
    assert [row.name for row in rows] == ["AU12"]
    panel = shown()["PHIZ_PT_events"]
    assert "12 Lip corner puller" in panel.text
    assert panel.has("phiz.set_side")
    bpy.ops.phiz.set_side(side="L")
    assert "12 Lip corner puller Left" in shown()["PHIZ_PT_events"].text
    assert strips.read(face, scene, 1, 10).events[0].side == "L"
    bpy.ops.phiz.duplicate_event()
    assert len(bpy.context.window_manager.phiz.events) == 2
    bpy.ops.phiz.remove_event()
    bpy.ops.phiz.remove_event()
    assert not list(strips.on(face))
    assert not bpy.data.actions


def test_choosing_a_row_selects_the_strip_and_jumps(scene: Any, face: Any) -> None:
    strips.add(face, scene, 10, 4)
    strips.add(face, scene, 40, 12)
    event_list.refresh(bpy.context, face)
    bpy.context.window_manager.phiz.event = 1
    assert scene.frame_current == 40
    assert [strip.name for _, strip, _ in strips.on(face) if strip.select] == ["AU12"]
    bpy.context.window_manager.phiz.event = 0
    assert scene.frame_current == 10


def test_the_list_follows_the_nla_editor(scene: Any, face: Any) -> None:
    strip = strips.add(face, scene, 10, 4)
    event_list.refresh(bpy.context, face)
    strip.name = "AU12L 0.5"
    shown()  # asks for it, and a timer that this Blender never runs would do it
    assert bpy.app.timers.is_registered(event_list._refresh_later)
    event_list._refresh_later()
    assert [row.name for row in bpy.context.window_manager.phiz.events] == ["AU12L 0.5"]
    bpy.app.timers.unregister(event_list._refresh_later)


def test_strips_that_cannot_be_read_are_listed_with_the_reason(scene: Any, face: Any) -> None:
    strips.add(face, scene, 10, 4).name = "AU99"
    face.phiz.voice_file = str(VOICE)
    strips.add(face, scene, 5000, 12)
    event_list.refresh(bpy.context, face)
    text = shown()["PHIZ_PT_events"].text
    assert "AU99: AU 99 is not in the FACS table" in text
    assert "AU12: it begins after the end of the recording" in text


@pytest.mark.parametrize("name", PRESETS)
def test_presets_become_strips(name: str, scene: Any, face: Any) -> None:
    bpy.ops.phiz.add_preset(preset=name)
    events = strips.read(face, scene, 1, 10).events
    assert {(event.au, event.side) for event in events} == {(au, side) for au, side, _ in PRESETS[name].moves}


def test_emotions_are_mixed_and_change(scene: Any, face: Any) -> None:
    from blender_addon import acting_notes

    settings = face.phiz
    settings.emotion_heard = False
    bpy.ops.phiz.add_emotion()
    bpy.ops.phiz.add_emotion()
    settings.emotions[1].emotion = "sad"
    settings.emotions[0].share = 0.25
    scene.frame_set(49)
    bpy.ops.phiz.add_moment()
    settings.moments[0].emotions[0].emotion = "angry"
    notes = acting_notes.direction(settings, (), start=1, rate=24.0, seed=3)
    assert notes.emotion is not None
    assert [key.time for key in notes.emotion] == [0.0, 2.0]
    assert notes.emotion[0].mix == {"happy": 0.25, "sad": 0.5}
    assert notes.emotion[1].mix == {"angry": 1.0}
    panels = shown()
    assert panels["PHIZ_PT_acting"].properties.count("share") == 2
    assert panels["PHIZ_PT_moments"].properties.count("share") == 1
    bpy.ops.phiz.remove_moment(index=0)
    bpy.ops.phiz.remove_emotion(index=0)
    back = acting_notes.direction(settings, (), start=1, rate=24.0, seed=3)
    assert back.emotion is not None
    assert [key.mix for key in back.emotion] == [{"sad": 0.5}]
    acting_notes.into_settings(notes, settings, start=1, rate=24.0)
    assert acting_notes.direction(settings, (), start=1, rate=24.0, seed=3) == notes


def test_nothing_to_show_yet(face: Any) -> None:
    panels = shown()
    assert "Nothing was generated" in panels["PHIZ_PT_result"].text
    assert "PHIZ_PT_adjust" not in panels
    assert not bpy.ops.phiz.bake.poll()


def test_a_capture_comes_in_is_shaped_and_goes_out(scene: Any, face: Any, tmp_path: Path) -> None:
    weights = np.linspace(0.1, 0.6, 10 * 51, dtype=np.float32).reshape(10, 51)
    take = Take(weights, np.zeros((10, 3), np.float32), 24.0)
    take.save(tmp_path / "in.csv")
    assert bpy.ops.phiz.import_take(filepath=str(tmp_path / "in.csv")) == {"FINISHED"}
    panels = shown()
    assert panels["PHIZ_PT_result"].has("phiz.remove")
    assert panels["PHIZ_PT_adjust"].has("phiz.adjust")
    assert not panels["PHIZ_PT_result"].has("phiz.fit_scene")
    scene.frame_end = 5
    assert shown()["PHIZ_PT_result"].has("phiz.fit_scene")
    bpy.ops.phiz.fit_scene()
    assert scene.frame_end == 10
    face.phiz.strength_brows = 0.5
    bpy.ops.phiz.adjust()
    bpy.ops.phiz.export_take(filepath=str(tmp_path / "out.npz"))
    back = takes.load(tmp_path / "out.npz")
    expected = weights.copy()
    expected[:, list(REGIONS["brows"])] *= 0.5
    assert np.abs(back.weights - expected).max() < 1e-5
    bpy.ops.phiz.remove()
    assert not bpy.data.actions
    bpy.ops.phiz.import_take(filepath=str(tmp_path / "in.csv"))
    bpy.ops.phiz.bake()
    assert not performance.has_result(face)
    assert len(bpy.data.actions) == 1


def test_why_it_does_not_move(scene: Any, face: Any, tmp_path: Path) -> None:
    weights = np.full((10, 51), 0.5, np.float32)
    Take(weights, np.zeros((10, 3), np.float32), 24.0).save(tmp_path / "in.csv")
    bpy.ops.phiz.import_take(filepath=str(tmp_path / "in.csv"))
    bpy.ops.phiz.diagnose()
    assert "Nothing keeps it from moving" in shown()["PHIZ_PT_diagnosis"].text
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    bpy.ops.phiz.diagnose()
    panel = shown()["PHIZ_PT_diagnosis"]
    assert "muted: jawOpen" in panel.text
    (mend,) = [given for name, given in panel.operators if name == "phiz.mend"]
    bpy.ops.phiz.mend(cause=mend["cause"])
    assert not face.data.shape_keys.key_blocks["jawOpen"].mute
    assert "Nothing keeps it from moving" in shown()["PHIZ_PT_diagnosis"].text


def test_acting_notes_go_out_and_come_back(scene: Any, face: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    notes = Direction(
        emotion=[
            {"time": 0.0, "mix": {"sad": 0.5}, "intensity": 0.75},
            {"time": 1.0, "mix": {"happy": 1.0}},
        ],
        events=[
            {"au": 12, "start": 0.5, "end": 1.5, "intensity": 0.5, "ramp_in": 0.25, "ramp_out": 0.5}
        ],
        style="lively",
        seed=4,
    )  # fmt: skip
    notes.to_file(path)
    strips.add(face, scene, 100, 4)
    bpy.ops.phiz.import_direction(filepath=str(path))
    bpy.ops.phiz.export_direction(filepath=str(path))
    assert Direction.from_file(path) == notes
    with pytest.raises(RuntimeError, match="is not JSON"):
        (tmp_path / "bad.json").write_text("no")
        bpy.ops.phiz.import_direction(filepath=str(tmp_path / "bad.json"))


def test_everything_has_a_tooltip() -> None:
    operators = [cls for cls in sidebar.CLASSES if issubclass(cls, bpy.types.Operator)]
    groups = [cls for cls in properties._CLASSES if cls not in (properties.EventRow,)]
    assert operators
    assert [name for cls in (*groups, *operators) for name in explained(cls)] == []
    described = [
        getattr(bpy.ops.phiz, cls.bl_idname.removeprefix("phiz.")).get_rna_type() for cls in operators
    ]
    assert [known.identifier for known in described if not known.description] == []


def test_the_preferences_are_drawn() -> None:
    from blender_addon import preferences

    class Shown:
        python = bundle = film_model = film_weights = server = ""
        threads = 0
        bl_rna = preferences.PhizPreferences.bl_rna

    shown, layout = Shown(), CheckingLayout()
    shown.layout = layout  # pyright: ignore[reportAttributeAccessIssue]
    preferences.PhizPreferences.draw(shown, bpy.context)  # pyright: ignore[reportArgumentType]
    assert layout.drawn.properties == ["python", "bundle", "threads", "film_model", "server"]
    assert layout.drawn.has("phiz.open_log")
    shown.server = "http://localhost:11434/v1"
    preferences.PhizPreferences.draw(shown, bpy.context)  # pyright: ignore[reportArgumentType]
    assert layout.drawn.properties[-1] == "server_model", "a model's name is asked where there is a server"
    assert not list(explained(preferences.PhizPreferences))
    assert preferences.wanted() == preferences.Wanted()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from blender_addon import missing

    monkeypatch.setattr(missing, "find_spec", lambda name: None if name == "soxr" else object())
    assert missing.packages() == ["soxr"]
    assert [part.__name__ for part in blender_addon._parts()] == ["blender_addon.missing"]
    missing.register()
    drawn = draw(missing.MissingPanel, bpy.context)
    missing.unregister()
    assert drawn is not None
    assert "missing: soxr" in drawn.labels


def test_an_override_has_settings_of_its_own(scene: Any, face: Any, tmp_path: Path) -> None:
    face.phiz.emotions.add()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "face.blend"), link=True) as (_, into):
        into.objects = ["Phiz"]
    scene = bpy.context.scene
    scene.collection.objects.link(into.objects[0])
    own = into.objects[0].override_hierarchy_create(scene, bpy.context.view_layer)
    own.phiz.intensity = 0.5
    own.phiz.emotions.add().share = 0.25
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    (opened,) = (obj for obj in bpy.data.objects if obj.override_library)
    assert opened.phiz.intensity == 0.5
    assert [entry.share for entry in opened.phiz.emotions] == [1.0, 0.25]


def test_the_face_in_use(scene: Any, face: Any) -> None:
    other = character.add(small_head(), scene, "Other")
    other.location.x = 10.0
    bpy.context.view_layer.objects.active = other
    assert performance.face_of(scene) == other
    scene.phiz.face = face
    assert performance.face_of(scene) == face

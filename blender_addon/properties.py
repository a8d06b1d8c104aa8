# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""What the sidebar keeps: settings of one face at `Object.phiz`, of the scene at `Scene.phiz`.

Only panels and operators read these; the parts below them take plain arguments.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import bpy
from bpy import props
from bpy.types import Context, Object, PropertyGroup

from phiz.face.channels import CHANNELS
from phiz.face.emotions import EMOTIONS

from . import action_support, model_styles, preferences, voice, worker_process

# A face that is a library override has settings of its own
_OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}
BoolProperty = partial(props.BoolProperty, override=_OVERRIDABLE)
CollectionProperty = partial(props.CollectionProperty, override={*_OVERRIDABLE, "USE_INSERTION"})
EnumProperty = partial(props.EnumProperty, override=_OVERRIDABLE)
FloatProperty = partial(props.FloatProperty, override=_OVERRIDABLE)
IntProperty = partial(props.IntProperty, override=_OVERRIDABLE)
PointerProperty = partial(props.PointerProperty, override=_OVERRIDABLE)
StringProperty = partial(props.StringProperty, override=_OVERRIDABLE)

_EMOTION_ITEMS = [(name, name.title(), f"How much of the face is {name}") for name in EMOTIONS]


def _is_mesh(_self: PropertyGroup, candidate: Object) -> bool:
    return candidate.type == "MESH"


def _can_turn(_self: PropertyGroup, candidate: Object) -> bool:
    return candidate.type in {"ARMATURE", "EMPTY", "MESH"}


def _styles(_self: PropertyGroup, _context: Context, _typed: str) -> list[str]:
    chosen = preferences.wanted().bundle
    return list(model_styles.names(Path(chosen) if chosen else None))


def _sound_strips(_self: PropertyGroup, context: Context, _typed: str) -> list[str]:
    return [strip.name for strip in voice.sound_strips(context.scene)]


def _warm_up(_self: PropertyGroup, _context: Context) -> None:
    if not bpy.app.background:
        worker_process.worker().start()


class FaceMesh(PropertyGroup):
    """A further mesh that moves with the face: teeth, tongue, lashes, brows."""

    mesh: PointerProperty(
        name="Mesh", description="A mesh with shape keys that moves with the face", type=Object, poll=_is_mesh
    )


class ChannelKey(PropertyGroup):
    """A channel (`name`) and the shape key chosen for it by hand."""

    key: StringProperty(
        name="Shape Key", description="The shape key that shows this movement; empty leaves it unmapped"
    )


class EmotionShare(PropertyGroup):
    """One emotion of a mix."""

    emotion: EnumProperty(name="Emotion", description="What is felt", items=_EMOTION_ITEMS, default="happy")
    share: FloatProperty(
        name="Share",
        description="How much of the mix this emotion is; what is missing to 1 is neutral",
        default=1.0, min=0.0, max=1.0, subtype="FACTOR",
    )  # fmt: skip


class EmotionMoment(PropertyGroup):
    """What is felt from a later moment on."""

    frame: FloatProperty(
        name="Frame",
        description="Scene frame at which this mix is reached; the face goes over to it from the one before",
    )
    emotions: CollectionProperty(type=EmotionShare)
    intensity: FloatProperty(
        name="Intensity",
        description="How strongly the mix shows at this moment",
        default=1.0, min=0.0, max=1.0, subtype="FACTOR",
    )  # fmt: skip


def _words_edited(self: WordStep, _context: Context) -> None:
    from . import words

    words.edited(self.id_data.phiz)


class WordStep(PropertyGroup):
    """What can be changed by hand of a feeling or an Action Unit that was read in a note."""

    enabled: BoolProperty(
        name="Use", description="Off leaves this out of the acting", default=True, update=_words_edited
    )
    intensity: FloatProperty(
        name="Intensity",
        description="How strongly it shows",
        default=1.0, min=0.0, max=1.0, subtype="FACTOR", update=_words_edited,
    )  # fmt: skip


def _strength(region: str) -> FloatProperty:
    return FloatProperty(
        name=region.title(),
        description=f"Motion of the {region}: 1 as generated, 0 none",
        default=1.0, min=0.0, max=2.0, soft_max=1.5,
    )  # fmt: skip


class FaceSettings(PropertyGroup):
    """All that is set for one face. Frames are scene frames."""

    meshes_found: BoolProperty(
        name="Find Automatically",
        description="Take the meshes that the same rig moves, or that lie in the same place: teeth, lashes",
        default=True,
    )
    meshes: CollectionProperty(type=FaceMesh)
    mapping: CollectionProperty(type=ChannelKey)
    mouth_close: EnumProperty(
        name="Mouth Close",
        description="What the shape key mouthClose does on this rig",
        items=[
            ("measured", "Measured", "Found by what the shape keys do to the lips"),
            ("cancelling", "Cancels the Jaw", "As Apple's, sculpted over the open jaw: lips meet at jawOpen"),
            ("relative", "Share of the Jaw", "At 1 the lips meet however far the jaw is open"),
        ],
        default="measured",
    )  # fmt: skip

    voice_source: EnumProperty(
        name="Source",
        description="Where the recording comes from",
        items=[
            ("FILE", "File", "A sound file"),
            ("STRIP", "Sound Strip", "A sound strip of the Video Sequencer, with its place and its trims"),
        ],
        default="FILE",
    )  # fmt: skip
    voice_file: StringProperty(
        name="Recording",
        description="The voice: WAV, FLAC, Ogg, Opus, MP3 or AIFF, at any rate",
        subtype="FILE_PATH",
        options=action_support.relative_path(),
        update=_warm_up,
    )
    voice_strip: StringProperty(
        name="Sound Strip",
        description="The sound strip of the Video Sequencer that holds the voice",
        search=_sound_strips,
    )
    voice_start_use: BoolProperty(
        name="Start At",
        description="Place the recording at a chosen frame; otherwise it begins at the scene's first frame",
    )
    voice_start: IntProperty(
        name="Start Frame", description="Scene frame at which the recording begins", default=1
    )
    range_use: BoolProperty(
        name="Only a Range",
        description="Generate only these frames; what was generated outside of them stays as it is",
    )
    range_start: IntProperty(name="Start", description="First scene frame that is generated", default=1)
    range_end: IntProperty(name="End", description="Last scene frame that is generated", default=250)

    words: StringProperty(
        name="Note",
        description="How the line is to be acted, in plain words: 'slowly raises the inner brows, then a "
        "crooked smile on the left at 2 seconds'",
    )
    words_read: StringProperty(description="What was read of the note, every step, as JSON")
    words_feelings: CollectionProperty(type=WordStep)
    words_units: CollectionProperty(type=WordStep)

    emotion_heard: BoolProperty(
        name="Hear It in the Voice",
        description="Leave the emotion open: it is heard in the recording",
        default=True,
    )
    emotions: CollectionProperty(type=EmotionShare)
    intensity: FloatProperty(
        name="Intensity",
        description="How strongly the mix shows",
        default=1.0, min=0.0, max=1.0, subtype="FACTOR",
    )  # fmt: skip
    moments: CollectionProperty(type=EmotionMoment)
    style: StringProperty(
        name="Style",
        description="A manner of speaking that the model knows; empty for its own choice",
        search=_styles,
        search_options=set(),
    )
    reference_file: StringProperty(
        name="Talk Like",
        description="A Take or a Live Link Face recording whose manner of speaking is taken over; goes "
        "before the style",
        subtype="FILE_PATH",
        options=action_support.relative_path(),
    )
    strength_brows: _strength("brows")
    strength_eyes: _strength("eyes")
    strength_mouth: _strength("mouth")
    strength_head: _strength("head")

    seed: IntProperty(
        name="Seed", description="Another seed, another performance of the same line", default=0, min=0
    )
    variations: IntProperty(
        name="Variations",
        description="How many performances to make, each with the next seed; all stay to choose from",
        default=1, min=1, max=8,
    )  # fmt: skip

    smoothing: FloatProperty(
        name="Smoothing",
        description="Calms the motion; closed lips and blinks stay as they are",
        default=0.0, min=0.0, max=1.0, subtype="FACTOR",
    )  # fmt: skip
    thinning: FloatProperty(
        name="Thin Keys",
        description="Leave out keys that change the motion by no more than this; 0 keeps one on every frame",
        default=0.0, min=0.0, max=0.1, step=0.1, precision=3,
    )  # fmt: skip

    film_portrait: StringProperty(
        name="Portrait",
        description="A picture of the face at rest, that becomes a film",
        subtype="FILE_PATH",
        options=action_support.relative_path(),
    )
    film_drive: EnumProperty(
        name="Driven by",
        description="What moves the face in the film",
        items=[
            ("both", "Both", "The sound, and the motion of the 3D face"),
            ("audio", "Sound", "The sound; the head alone turns as in 3D"),
            ("take", "Motion", "The motion of the 3D face, so that film and animation agree"),
        ],
        default="both",
    )  # fmt: skip
    film_out: StringProperty(
        name="Film",
        description="The film that is written, an .mp4",
        subtype="FILE_PATH",
        options=action_support.relative_path(),
    )

    head_object: PointerProperty(
        name="Head",
        description="The object that turns with the head; an armature takes a bone as well",
        type=Object, poll=_can_turn,
    )  # fmt: skip
    head_bone: StringProperty(name="Head Bone", description="The bone that turns with the head")
    eye_left: StringProperty(
        name="Left Eye",
        description="Bone of the character's left eye; empty leaves it to shape keys",
    )
    eye_right: StringProperty(
        name="Right Eye",
        description="Bone of the character's right eye; empty leaves it to shape keys",
    )

    def shares(self) -> dict[str, float]:
        """The mix of the beginning: emotion -> share, those of one emotion added up to 1 at most."""
        return mix_of(self.emotions)

    def edited(self) -> dict[str, str]:
        """Channel -> shape key, for the channels mapped by hand."""
        return {entry.name: entry.key for entry in self.mapping if entry.name in CHANNELS}


def mix_of(shares: list[EmotionShare]) -> dict[str, float]:
    """Emotion -> share of a collection, those of one emotion added up to 1 at most; zeros left out."""
    mix: dict[str, float] = {}
    for entry in shares:
        if entry.share > 0.0:
            mix[entry.emotion] = min(1.0, round(mix.get(entry.emotion, 0.0) + entry.share, 6))
    return mix


class SceneSettings(PropertyGroup):
    """Which face of the scene the sidebar works on."""

    face: PointerProperty(
        name="Face",
        description="The mesh that acts; empty takes the one with the most matching shape keys",
        type=Object, poll=_is_mesh,
    )  # fmt: skip


class EventRow(PropertyGroup):
    """A row of the list of Action Units: `name` is the strip's, or, unread, with the reason why."""

    track: StringProperty()
    reason: StringProperty()


def _row_chosen(self: WindowSettings, context: Context) -> None:
    from . import event_list

    event_list.show(self, context)


class WindowSettings(PropertyGroup):
    """What is on show; never saved."""

    events: CollectionProperty(type=EventRow)
    event: IntProperty(name="Action Unit", description="Select the strip and jump to it", update=_row_chosen)


_CLASSES = (
    FaceMesh,
    ChannelKey,
    EmotionShare,
    EmotionMoment,
    WordStep,
    FaceSettings,
    SceneSettings,
    EventRow,
    WindowSettings,
)
_HOLDERS = (
    (bpy.types.Object, FaceSettings),
    (bpy.types.Scene, SceneSettings),
    (bpy.types.WindowManager, WindowSettings),
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    for holder, settings in _HOLDERS:
        holder.phiz = PointerProperty(type=settings)


def unregister() -> None:
    for holder, _ in _HOLDERS:
        del holder.phiz
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panel Words: a note, and the four steps from it to the face, to be read and corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phiz.face.action_units import ACTION_UNITS

from . import words, words_operators
from .event_operators import SIDES
from .panel_base import FacePanel, lines

if TYPE_CHECKING:
    from bpy.types import Context, Object, UILayout

    from phiz.cotfa.steps import Feeling, UnitStep
    from phiz.cotfa.trace import Trace

_ICONS = {"explained": "INFO", "repaired": "MODIFIER", "flagged": "ERROR"}


class WordsPanel(FacePanel):
    """How the line is to be acted, in plain words."""

    bl_idname = "PHIZ_PT_words"
    bl_label = "Words"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        settings = face.phiz
        layout.prop(settings, "words", text="")
        row = layout.row(align=True)
        row.operator("phiz.think", icon="VIEWZOOM")
        row.operator("phiz.apply_words", icon="NLA")
        trace = words.read(settings)
        if trace is None:
            if reason := words_operators.Think.why_grey(context):
                lines(layout, context, f"{reason}.", "INFO")
            return
        if trace.text.strip() != settings.words.strip():
            lines(layout, context, "The note has changed since: think again.", "INFO")
        for finding in trace.findings:
            lines(layout, context, finding.says, _ICONS[finding.kind])


class _StepPanel(FacePanel):
    """One step of the chain; there when a note was thought about."""

    bl_parent_id = "PHIZ_PT_words"

    @classmethod
    def poll(cls, context: Context) -> bool:
        from . import performance

        face = performance.face_of(context.scene)
        return face is not None and words.read(face.phiz) is not None

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        trace = words.read(face.phiz)
        if trace is not None:
            self.step(context, face, layout, trace)

    def step(self, context: Context, face: Object, layout: UILayout, trace: Trace) -> None:
        raise NotImplementedError


class ReadingPanel(_StepPanel):
    """Step I: what is felt, when, and what else the note says."""

    bl_idname = "PHIZ_PT_words_reading"
    bl_label = "1  Reading"

    def step(self, context: Context, face: Object, layout: UILayout, trace: Trace) -> None:
        for row, feeling in zip(face.phiz.words_feelings, trace.reading.feelings, strict=False):
            _draw_row(layout, row, _felt(feeling), feeling)
        if not trace.reading.feelings:
            layout.label(text="No emotion is named")
        for timing in trace.reading.timing:
            lines(layout, context, f'"{timing.because.text}": {timing.says}', "TIME")
        for remark in trace.reading.remarks:
            lines(layout, context, f'"{remark.because.text}": {remark.says}', "QUESTION")
        if trace.reading.context:
            lines(layout, context, f"Beside the face: {trace.reading.context}", "TEXT")


class UnitsPanel(_StepPanel):
    """Step II: the Action Units, and the words that caused them."""

    bl_idname = "PHIZ_PT_words_units"
    bl_label = "2  Action Units"

    def step(self, context: Context, face: Object, layout: UILayout, trace: Trace) -> None:
        for row, unit in zip(face.phiz.words_units, trace.units, strict=False):
            _draw_row(layout, row, _moved(unit), unit)
        if not trace.units:
            layout.label(text="No movement is called for")


class MusclesPanel(_StepPanel):
    """Step III: which muscles do it, and what they do to this face and to the words."""

    bl_idname = "PHIZ_PT_words_muscles"
    bl_label = "3  Muscles"
    bl_options = {"DEFAULT_CLOSED"}

    def step(self, context: Context, face: Object, layout: UILayout, trace: Trace) -> None:
        for muscle in trace.muscles:
            box = layout.box()
            lines(box, context, f"AU {muscle.unit}: {muscle.does} ({muscle.muscles})")
            for label, units in (("With", muscle.synergies), ("Against", muscle.conflicts)):
                if units:
                    lines(box, context, f"{label} {', '.join(units)}")
            if muscle.speech:
                lines(box, context, muscle.speech, "SPEAKER")


class PromptsPanel(_StepPanel):
    """Step IV: the whole as words, coarse and fine."""

    bl_idname = "PHIZ_PT_words_prompts"
    bl_label = "4  Prompts"
    bl_options = {"DEFAULT_CLOSED"}

    def step(self, context: Context, face: Object, layout: UILayout, trace: Trace) -> None:
        lines(layout, context, f"Coarse: {trace.prompts.coarse}")
        lines(layout, context, f"Fine: {trace.prompts.fine}")


def _draw_row(layout: UILayout, row: Any, said: str, step: Feeling | UnitStep) -> None:
    """A tick box, what it is, and below it how strongly and which words said so."""
    column = layout.column(align=True)
    column.use_property_split = False
    column.prop(row, "enabled", text=said)
    below = column.row(align=True)
    below.active = row.enabled
    below.prop(row, "intensity", text="", slider=True)
    below.label(text=f'"{step.because.text}"', translate=False)


def _felt(feeling: Feeling) -> str:
    mix = " and ".join(name if share == 1.0 else f"{name} {share:.0%}" for name, share in feeling.mix.items())
    return f"{mix}, {feeling.start:.2g} to {feeling.end:.2g} s"


def _moved(unit: UnitStep) -> str:
    side = "" if unit.side == "B" else f" {SIDES[unit.side]}"
    own = ", of itself" if unit.felt is not None and not unit.edited else ""
    return f"{unit.au} {ACTION_UNITS[unit.au].name}{side}, {unit.start:.2f} to {unit.end:.2f} s{own}"


CLASSES = (WordsPanel, ReadingPanel, UnitsPanel, MusclesPanel, PromptsPanel)

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""All operators, menus, lists and panels of the sidebar, in the order of work."""

from __future__ import annotations

import bpy

from . import (
    acting_operators,
    diagnosis_operators,
    event_operators,
    face_operators,
    file_operators,
    film_operators,
    generation_operators,
    panels_acting,
    panels_face,
    panels_film,
    panels_result,
    panels_words,
    result_operators,
    words_operators,
)

CLASSES = (
    *face_operators.CLASSES,
    *acting_operators.CLASSES,
    *event_operators.CLASSES,
    *words_operators.CLASSES,
    *generation_operators.CLASSES,
    *result_operators.CLASSES,
    *file_operators.CLASSES,
    *diagnosis_operators.CLASSES,
    *film_operators.CLASSES,
    *panels_face.CLASSES,
    *panels_words.CLASSES,
    *panels_acting.CLASSES,
    *panels_result.CLASSES,
    *panels_film.CLASSES,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)

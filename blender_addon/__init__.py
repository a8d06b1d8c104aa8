"""Phiz in Blender: a Take becomes keys on shape keys, a character, a stage and a preview video.

Modules here may import `phiz` up to `phiz.runtime`, and bpy; nothing of `phiz` imports them.
"""

"""Phiz from a script: a face, its recording, its acting notes, keys, files.

    blender --background --python-exit-code 1 --python docs/headless_example.py

With a face of your own, its file comes after --background.
"""

from pathlib import Path

import bpy

VOICE = Path(__file__).resolve().parent / "demo/voice.flac"
scene = bpy.context.scene

# The face: the one found in the file, or else Phiz's own head. To choose among several:
# scene.phiz.face = bpy.data.objects["Head"]
if not bpy.data.filepath:
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.phiz.add_demo_head()
face = scene.phiz.face or next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys)
scene.phiz.face = face

# What the sidebar shows stands at `phiz` of the face's object; its tooltips name the properties.
settings = face.phiz
settings.voice_file = str(VOICE)
settings.emotion_heard = False
mood = settings.emotions.add()
mood.emotion, mood.share = "happy", 0.7
settings.intensity = 0.8
settings.seed = 3

# An Action Unit is a strip in the NLA of the face, a second long, at the playhead; its name may say side
# and strength.
scene.frame_set(scene.frame_start + 12)
bpy.ops.phiz.add_event(unit="2")
face.animation_data.nla_tracks[-1].strips[-1].name = "AU2L 0.6"

# In a script, Generate waits for the end, and what is wrong comes as RuntimeError.
bpy.ops.phiz.generate()

bpy.ops.phiz.export_take(filepath=str(Path("acted.csv").resolve()))
bpy.ops.wm.save_as_mainfile(filepath=str(Path("acted.blend").resolve()))

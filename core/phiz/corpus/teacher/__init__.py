"""The teacher: exact phone times in, ARKit weights and head rotation out, by rule and stated chance.

`perform` plays one clip. Everything drawn at random is drawn from the distributions in
docs/teacher.md, through the generator it is given.
"""

from phiz.corpus.teacher.performance import FPS, Performance, TeacherError, perform

__all__ = ["FPS", "Performance", "TeacherError", "perform"]

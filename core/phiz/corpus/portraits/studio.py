"""The studio in which heads are filmed: OpenGL without a window, on a graphics card or in software."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from phiz.corpus.portraits import shading
from phiz.corpus.portraits.scene import Camera, Light, Scene
from phiz.corpus.portraits.surface import Surface
from phiz.errors import PhizError

SAMPLES = 3
"""Samples of a pixel along each side."""
_SHADOW_SIZE = 512
_REACH = 0.24  # metres round the middle of the head that can throw a shadow
_MIDDLE = np.array([0.0, 0.0, 0.015])  # metres: where cameras and lights look
_NEAR, _FAR = 0.2, 4.0


class NoGraphicsError(PhizError):
    """No OpenGL 3.3 is to be had, or moderngl is not installed."""


class Studio:
    """Renders square pictures of one size. Use as a context: what it holds on the card goes with it.

    Raises NoGraphicsError where there is no OpenGL 3.3; Mesa's software renderer is enough.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        try:
            import moderngl
        except ImportError as error:
            raise NoGraphicsError(
                "Rendering clips needs moderngl. Install the extra: pip install phiz[video]"
            ) from error
        self._gl = context = _context(moderngl)
        pixels = size * SAMPLES
        self._depths = context.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._depths.compare_func = ""
        self._depths.repeat_x = self._depths.repeat_y = False
        self._shadow = context.framebuffer(depth_attachment=self._depths)
        colours = context.texture((pixels, pixels), 4, dtype="f2")
        self._screen = context.framebuffer([colours], context.depth_renderbuffer((pixels, pixels)))
        self._programs = {
            "shadow": context.program(shading.SHADOW_VERTEX, shading.SHADOW_FRAGMENT),
            "face": context.program(shading.FACE_VERTEX, shading.FACE_FRAGMENT),
            "wall": context.program(shading.WALL_VERTEX, shading.WALL_FRAGMENT),
        }
        corners = context.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], np.float32).tobytes())
        self._wall = context.vertex_array(self._programs["wall"], [(corners, "2f", "corner")])
        self._strip = moderngl.TRIANGLE_STRIP
        self._depth_test = moderngl.DEPTH_TEST
        self._surface: Surface | None = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._gl:
            self._gl.gc()
        self._gl.release()

    def picture(
        self, surface: Surface, weights: np.ndarray, turn: np.ndarray | None, scene: Scene
    ) -> np.ndarray:
        """(size, size, 3) uint8 sRGB of a head at (51,) weights, turned by (3,) radians."""
        with self._gl:  # another studio may have been at work
            return self._picture(surface, weights, turn, scene)

    def _picture(
        self, surface: Surface, weights: np.ndarray, turn: np.ndarray | None, scene: Scene
    ) -> np.ndarray:
        self._place(surface)
        posed = surface.posed(weights, turn)
        moving = np.concatenate([posed, surface.normals(posed)], 1)[surface.source]  # (S, 6)
        self._moving.write(np.ascontiguousarray(moving, np.float32).tobytes())
        to_light = light_matrix(scene.light)
        self._gl.enable_only(self._depth_test)
        self._shadow.use()
        self._shadow.clear(depth=1.0)
        self._set("shadow", to_light=_column_major(to_light))
        self._in_light.render()
        self._screen.use()
        self._screen.clear(depth=1.0)
        self._depths.use(0)
        self._set("wall", top=scene.top, bottom=scene.bottom)
        self._wall.render(self._strip)
        light = scene.light
        self._set(
            "face",
            to_screen=_column_major(camera_matrix(scene.camera)),
            to_light=_column_major(to_light),
            eye=tuple(camera_place(scene.camera)),
            to_key=tuple(_towards(light.yaw, light.rise)),
            to_fill=tuple(_towards(-light.yaw - 0.4 * np.sign(light.yaw), 0.1)),
            to_rim=tuple(_towards(np.pi - 0.7 * light.yaw, 0.5)),
            key=light.key,
            fill=light.fill,
            rim=light.rim,
            sky=light.sky,
            ground=light.ground,
        )
        self._in_view.render()
        return self._developed()

    def _developed(self) -> np.ndarray:
        """What is on the screen as sRGB, the samples of a pixel averaged as light."""
        pixels = self.size * SAMPLES
        raw = np.frombuffer(self._screen.read(components=4, dtype="f2"), np.float16)
        light = raw.reshape(pixels, pixels, 4)[::-1, :, :3].astype(np.float32)
        # Highlights roll off towards white, sample by sample so that one bright spot is no star.
        light = np.where(light > 0.7, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.3), light)
        light = light.reshape(self.size, SAMPLES, self.size, SAMPLES, 3).mean((1, 3))
        low = 12.92 * light
        srgb = np.where(light <= 0.0031308, low, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)
        return np.round(255 * np.clip(srgb, 0, 1)).astype(np.uint8)

    def _place(self, surface: Surface) -> None:
        """Bring a head's unchanging part to the card, unless it is there."""
        if self._surface is surface:
            return
        gl = self._gl
        self._surface = surface
        still = gl.buffer(surface.look.tobytes())
        faces = gl.buffer(surface.faces.astype("i4").tobytes())
        self._moving = gl.buffer(reserve=len(surface.source) * 24)
        self._in_light = gl.vertex_array(
            self._programs["shadow"], [(self._moving, "3f 12x", "position")], faces, index_element_size=4
        )
        self._in_view = gl.vertex_array(
            self._programs["face"],
            [(self._moving, "3f 3f", "position", "normal"), (still, "3f 3f", "colour", "finish")],
            faces,
            index_element_size=4,
        )

    def _set(self, program: str, **uniforms: object) -> None:
        for name, value in uniforms.items():
            self._programs[program][name].value = value  # pyright: ignore[reportAttributeAccessIssue]


def _context(moderngl):
    """A context of its own: through EGL where there is no display, else as the system has it."""
    reasons = []
    for options in ({"backend": "egl"}, {}):
        try:
            context = moderngl.create_context(standalone=True, require=330, **options)
        except Exception as error:  # each system's loader raises its own kind
            reasons.append(str(error))
        else:
            context.gc_mode = "context_gc"
            return context
    raise NoGraphicsError(
        f"Rendering clips needs OpenGL 3.3 ({'; '.join(reasons)}). "
        "On Debian: apt install libegl1 libgl1-mesa-dri, which renders without a graphics card."
    )


def camera_place(camera: Camera) -> np.ndarray:
    """(3,) metres."""
    return _aim(camera) + camera.distance * _towards(camera.yaw, camera.rise)


def camera_matrix(camera: Camera) -> np.ndarray:
    """(4, 4) from metres to clip space: x to the right, y up, both -1 to 1 over the picture."""
    slope = camera.distance / (camera.height / 2)
    lens = np.array(
        [
            [slope, 0, 0, 0],
            [0, slope, 0, 0],
            [0, 0, (_FAR + _NEAR) / (_NEAR - _FAR), 2 * _FAR * _NEAR / (_NEAR - _FAR)],
            [0, 0, -1, 0],
        ]
    )
    return lens @ _looking(camera_place(camera), _aim(camera))


def light_matrix(light: Light) -> np.ndarray:
    """(4, 4) from metres to the light's own clip space, without perspective."""
    place = _MIDDLE + 2 * _REACH * _towards(light.yaw, light.rise)
    flat = np.diag([1 / _REACH, 1 / _REACH, -1 / (1.5 * _REACH), 1.0])
    flat[2, 3] = -2 * _REACH / (1.5 * _REACH)
    return flat @ _looking(place, _MIDDLE)


def on_picture(points: np.ndarray, camera: Camera, size: int) -> np.ndarray:
    """(n, 2) column and row, in pixels, of (n, 3) points in metres."""
    clip = np.concatenate([points, np.ones((len(points), 1))], 1) @ camera_matrix(camera).T
    place = clip[:, :2] / clip[:, 3:]
    return np.stack([(place[:, 0] + 1) / 2 * size, (1 - place[:, 1]) / 2 * size], 1)


def _aim(camera: Camera) -> np.ndarray:
    return _MIDDLE + np.array([0.0, 0.0, camera.aim])


def _towards(yaw: float, rise: float) -> np.ndarray:
    """(3,) unit direction from the face."""
    return np.array([np.sin(yaw) * np.cos(rise), -np.cos(yaw) * np.cos(rise), np.sin(rise)])


def _looking(place: np.ndarray, target: np.ndarray) -> np.ndarray:
    back = (place - target) / np.linalg.norm(place - target)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    out = np.eye(4)
    out[:3, :3] = np.stack([right, np.cross(back, right), back])
    out[:3, 3] = -out[:3, :3] @ place
    return out


def _column_major(matrix: np.ndarray) -> tuple[float, ...]:
    return tuple(matrix.T.ravel().tolist())

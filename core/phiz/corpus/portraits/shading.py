"""The programs of the graphics pipeline: a face under a key light with its shadow, and a wall behind it."""

SHADOW_VERTEX = """
#version 330
uniform mat4 to_light;
in vec3 position;
void main() { gl_Position = to_light * vec4(position, 1.0); }
"""
SHADOW_FRAGMENT = """
#version 330
void main() {}
"""
FACE_VERTEX = """
#version 330
uniform mat4 to_screen;
in vec3 position;
in vec3 normal;
in vec3 colour;
in vec3 finish;  // roughness, softness, share of the open sky that reaches it
out vec3 at;
out vec3 away;
out vec3 tint;
out vec3 surface;
void main() {
    at = position;
    away = normal;
    tint = colour;
    surface = finish;
    gl_Position = to_screen * vec4(position, 1.0);
}
"""
FACE_FRAGMENT = """
#version 330
uniform vec3 eye, to_key, to_fill, to_rim;
uniform vec3 key, fill, rim, sky, ground;
uniform mat4 to_light;
uniform sampler2D depths;
in vec3 at;
in vec3 away;
in vec3 tint;
in vec3 surface;
out vec4 pixel;

float lit(float slope) {  // share of the key light that no part of the head keeps off
    vec3 place = (to_light * vec4(at, 1.0)).xyz * 0.5 + 0.5;
    float bias = 0.0035 + 0.006 * (1.0 - slope);
    vec2 texel = 1.6 / vec2(textureSize(depths, 0));
    float open = 0.0;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++)
            open += step(place.z - bias, texture(depths, place.xy + texel * vec2(i, j)).r);
    return open / 9.0;
}

void main() {
    vec3 v = normalize(eye - at);
    // Normals that cancel out at the tip of a lock leave none: there it faces the camera.
    vec3 n = dot(away, away) < 1e-8 ? v : normalize(away) * (gl_FrontFacing ? 1.0 : -1.0);
    float roughness = surface.x, open = surface.z;
    // Light goes round the edge of its shadow inside flesh, red the furthest.
    vec3 round = surface.y * vec3(0.45, 0.20, 0.14);
    float slope = dot(n, to_key);
    float seen = lit(clamp(slope, 0.0, 1.0));
    vec3 direct = key * clamp((slope + round) / (1.0 + round), 0.0, 1.0) * mix(round * 0.35, vec3(1.0), seen);
    vec3 second = fill * clamp((dot(n, to_fill) + 0.4) / 1.4, 0.0, 1.0) * open;
    vec3 around = mix(ground, sky, 0.5 + 0.5 * n.z) * open;
    vec3 h = normalize(to_key + v);
    float sharp = 2.0 / pow(roughness, 3.0);
    float gloss = 0.05 * (sharp + 6.0) / 8.0 * pow(max(dot(n, h), 0.0), sharp) * max(slope, 0.0) * seen;
    float edge = pow(clamp(1.0 - dot(n, v), 0.0, 1.0), 3.0) * max(dot(n, to_rim), 0.0) * open;
    pixel = vec4(tint * (direct + second + around) + key * min(gloss, 0.8) + rim * edge, 1.0);
}
"""
WALL_VERTEX = """
#version 330
in vec2 corner;
out vec2 place;
void main() { place = corner; gl_Position = vec4(corner, 0.999999, 1.0); }
"""
WALL_FRAGMENT = """
#version 330
uniform vec3 top, bottom;
in vec2 place;
out vec4 pixel;
void main() { pixel = vec4(mix(bottom, top, smoothstep(-1.1, 1.1, place.y + 0.35 * place.x)), 1.0); }
"""

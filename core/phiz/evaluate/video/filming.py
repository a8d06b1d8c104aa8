"""What a model makes of the test clips: `python -m phiz.evaluate.video.filming CLIPS GENERATED`.

Writes GENERATED/NAME.mp4 for each clip of the split test, and NAME.without.mp4, of the same seed without
Action Unit events, where it has any: what `python -m phiz.evaluate.video` measures. A film that is there is
kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phiz.errors import status_of
from phiz.motion import take as takes
from phiz.runtime import bundle
from phiz.video import clips, pipeline
from phiz.video.clips import Clip
from phiz.video.guidance import Guidance, Progressive
from phiz.video.model_file import VideoModel
from phiz.video.opening import open_model
from phiz.video.pipeline import DRIVES, Drive, Scene, Senses


@dataclass(frozen=True)
class Manner:
    """How the clips are filmed."""

    drive: Drive = "both"
    guidance: Guidance | None = None
    progressive: Progressive | None = None
    steps: int | None = None


def film_all(
    root: Path,
    out: Path,
    model: VideoModel,
    senses: Senses,
    manner: Manner,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Film every test clip of `root`. Raises what reading clips and `pipeline.make` raise."""
    out.mkdir(parents=True, exist_ok=True)
    index = clips.read_index(root)
    entries = [entry for entry in index.clips if entry.split == "test"]
    for number, entry in enumerate(entries):
        clip = clips.load(root, index, entry)
        for name, scene in _scenes(clip, root / entry.folder, manner.drive):
            if not (out / name).is_file():
                pipeline.make(
                    scene, model, senses, out / name,
                    guidance=manner.guidance, progressive=manner.progressive, steps=manner.steps,
                )  # fmt: skip
        progress((number + 1) / len(entries))


def _scenes(clip: Clip, folder: Path, drive: Drive) -> Iterator[tuple[str, Scene]]:
    """A clip's film and, where it has events, that without them."""
    assert clip.direction is not None, "rendered clips have acting notes"
    voice = clip.voice.cut(0.0, clip.seconds)
    yield f"{clip.name}.mp4", Scene(clip.portrait, voice, clip.direction, clip.take, drive)
    if clip.direction.events:
        plain = clip.direction.model_copy(update={"events": ()})
        still = takes.load(folder / clips.WITHOUT_TAKE)
        yield f"{clip.name}.without.mp4", Scene(clip.portrait, voice, plain, still, drive)


def main(argv: list[str] | None = None) -> int:
    """0: done; 2: an error of the user's to mend."""
    parser = argparse.ArgumentParser(prog="python -m phiz.evaluate.video.filming", description=__doc__)
    parser.add_argument("clips", type=Path, metavar="CLIPS")
    parser.add_argument("generated", type=Path, metavar="GENERATED")
    parser.add_argument("--model", type=Path, metavar="DIR", help="video model (default: the one that ships)")
    parser.add_argument("--drive", choices=DRIVES, default="both")
    parser.add_argument("--steps", type=int, metavar="N", help="of denoising (default: the model's)")
    parser.add_argument("--stages", type=int, default=2, metavar="K", help="of prompts")
    parser.add_argument("--boundary", type=float, default=0.4, metavar="X")
    for name in ("text", "audio", "take"):
        parser.add_argument(f"--{name}", type=float, default=1.0, metavar="X", help=f"weight of the {name}")
    parser.add_argument("--acting", type=float, metavar="X", help="weight of acting (default: the model's)")
    args = parser.parse_args(argv)
    return status_of(lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    model, senses = open_model(args.model, None, bundle.load(threads=1))
    acting = model.manifest.acting if args.acting is None else args.acting
    manner = Manner(
        args.drive,
        Guidance(text=args.text, audio=args.audio, take=args.take, acting=acting),
        Progressive(args.stages, args.boundary),
        args.steps,
    )
    film_all(args.clips, args.generated, model, senses, manner)
    return 0


if __name__ == "__main__":
    sys.exit(main())

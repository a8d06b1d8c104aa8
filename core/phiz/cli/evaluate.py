"""phiz evaluate: score the model, the teacher and Rhubarb, or picture the emotions."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phiz.errors import PhizError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phiz.evaluate.systems import System
    from phiz.evaluate.test_sets import HeldOutClip

_WHO = ("model", "live", "teacher", "rhubarb")
_DEFAULT = ("model", "teacher", "rhubarb")
_SETS = ("real", "ked", "noise")


class EvaluateError(PhizError):
    """An option of `phiz evaluate` is missing or not known."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `evaluate` to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score the model on held-out voices, or picture the eight emotions",
        description="Score the model on held-out voices beside the teacher and Rhubarb. "
        "`phiz evaluate emotions --help` is about the sheet of pictures.",
    )
    parser.add_argument("--data", type=Path, help="folder of recordings; Rhubarb's cues lie there")
    parser.add_argument("--rigs", type=Path, help="folder with ict_lip_gap.json and ict_facekit_arkit51.npz")
    parser.add_argument("--corpus", type=Path, help="folder that `phiz corpus` wrote")
    parser.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    parser.add_argument(
        "--who",
        type=_some_of(_WHO),
        default=_DEFAULT,
        metavar="A,B",
        help=f"of {','.join(_WHO)} (default: {','.join(_DEFAULT)}); live: the model as the voice arrives",
    )
    parser.add_argument(
        "--set", type=_some_of(_SETS), default=_SETS, metavar="A,B", help=f"of {','.join(_SETS)}"
    )
    parser.add_argument("--clips", type=int, help="at most so many clips of each source (default: all)")
    parser.add_argument("--threads", type=int, help="CPU threads of the model")
    parser.add_argument("-o", "--output", type=Path, metavar="REPORT.json", help="write every figure as JSON")

    kinds = parser.add_subparsers(dest="kind", metavar="emotions|finetune")
    emotions = kinds.add_parser(
        "emotions",
        help="eight takes of one sentence, one per emotion, as pictures in an order of chance",
        description="Writes the sheet and, beside it, SHEET.key.json with the emotion of each number.",
    )
    emotions.add_argument("--rigs", type=Path, required=True, help="folder with ict_facekit_arkit51.npz")
    emotions.add_argument("--audio", type=Path, required=True, help="a recording of one sentence")
    emotions.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    emotions.add_argument("--intensity", type=float, default=1.0, help="0 to 1 (default 1)")
    emotions.add_argument("--seed", type=int, default=0, help="of the takes and of the order")
    emotions.add_argument("--labels", action="store_true", help="write the names on the sheet")
    emotions.add_argument("-o", "--output", type=Path, required=True, metavar="SHEET.png")
    finetune = kinds.add_parser(
        "finetune",
        help="fine-tune on three captured takes and compare on the fourth, before and after",
        description="Writes three FACEGOOD takes to RUN/takes, runs `phiz train finetune` on them, or goes "
        "on with it, and prints how near the fourth is come to. PICTURE.png shows eight seconds of it.",
    )
    finetune.add_argument("--facegood", type=Path, required=True, metavar="DIR", help="the FACEGOOD takes")
    finetune.add_argument("--rigs", type=Path, required=True, help="folder with ict_lip_gap.json")
    finetune.add_argument("--run", type=Path, required=True, metavar="RUN", help="folder of the training run")
    finetune.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    finetune.add_argument("--steps", type=int, default=400, help="of training, at most (default 400)")
    finetune.add_argument("--batch", type=int, default=8, help="windows a step (default 8)")
    finetune.add_argument("--seeds", type=int, default=1, help="performances to average over (default 1)")
    finetune.add_argument("--threads", type=int, help="CPU threads")
    finetune.add_argument("-o", "--output", type=Path, required=True, metavar="PICTURE.png")


def run(args: argparse.Namespace) -> int:
    """Score or picture. Raises PhizError."""
    return {"emotions": _picture_emotions, "finetune": _compare_own_face, None: _score}[args.kind](args)


def _some_of(known: tuple[str, ...]):
    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in text.split(","))
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
        return chosen

    return parse


def _score(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from phiz.evaluate import mesh, report, systems, test_sets
    from phiz.evaluate.render import load_rig
    from phiz.evaluate.run import Contender, compare_seeds, evaluate
    from phiz.motion.measures import load_lip_gap
    from phiz.writing import check_writable

    if args.rigs is None or args.corpus is None or ("rhubarb" in args.who and args.data is None):
        raise EvaluateError(
            "expected --rigs, --corpus and, for Rhubarb, --data; `phiz evaluate --help` says what they hold"
        )
    if args.clips is not None and args.clips < 1:
        raise EvaluateError(f"expected --clips of 1 or more, came {args.clips}")
    if args.output:
        check_writable(args.output)
    lip_gap, areas = load_lip_gap(args.rigs), mesh.regions(load_rig(args.rigs))
    sets = {name: test_sets.load(args.corpus, name, args.clips) for name in args.set}

    contenders = []
    acting: dict[str, System] = {}  # those whose seeds are compared
    seams: dict[str, Callable[[Sequence[HeldOutClip]], dict[str, float]]] = {}
    if {"model", "live"} & set(args.who):
        from phiz.evaluate import ours
        from phiz.runtime import bundle

        loaded = bundle.load(args.bundle, threads=args.threads)
        for name, act, find_seams in (
            ("model", ours.model, ours.seams),
            ("live", ours.live, ours.live_seams),
        ):
            if name in args.who:
                seams[name] = partial(find_seams, loaded)
                acting[name] = act(loaded)
                contenders.append(Contender(name, acting[name], test_sets.SETS))
    if "teacher" in args.who:
        acting["teacher"] = systems.teacher
        contenders.append(Contender("teacher", systems.teacher, ("real", "ked")))
    if "rhubarb" in args.who:
        contenders += [
            Contender(f"rhubarb {name}", systems.rhubarb_cues(args.data, name), ("real",))
            for name in systems.RECOGNISERS
        ]
    console = Console()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        scores = evaluate(
            contenders,
            sets,
            lip_gap,
            areas,
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
        extras: dict[str, dict[str, Any]] = {}
        if "real" in sets:
            for name, act in acting.items():
                extras[f"{name}, seeds compared"] = compare_seeds(act, sets["real"], lip_gap)
            for name, found in seams.items():
                extras[f"{name}, seams of a long recording"] = found(sets["real"])
    report.show(scores, extras, console)
    if args.output:
        whole = {
            "bars": {system: report.verdicts(scores, system) for system in scores},
            "systems": scores,
            "beside": extras,
            "notes": report.NOTES,
        }
        report.save(whole, args.output)
    return 0


def _picture_emotions(args: argparse.Namespace) -> int:
    import io
    import json

    from matplotlib.image import imsave

    from phiz.acting.direction import Direction
    from phiz.audio import recording
    from phiz.evaluate import emotions
    from phiz.evaluate.render import load_rig
    from phiz.face.emotions import EMOTIONS
    from phiz.runtime import bundle
    from phiz.runtime.generate import generate
    from phiz.writing import check_writable, whole_file

    key_path = args.output.with_suffix(".key.json")
    check_writable(args.output)
    check_writable(key_path)
    rig, voice = load_rig(args.rigs), recording.load(args.audio)
    loaded = bundle.load(args.bundle)
    takes = {
        name: generate(voice, Direction.of(name, args.intensity, seed=args.seed), loaded) for name in EMOTIONS
    }
    order = emotions.shuffled(EMOTIONS, args.seed + 1)
    pixels = io.BytesIO()
    imsave(pixels, emotions.sheet(rig, takes, order, labels=args.labels), format="png")
    with whole_file(args.output) as stream:
        stream.write(pixels.getvalue())
    with whole_file(key_path) as stream:
        stream.write(json.dumps({str(i + 1): name for i, name in enumerate(order)}, indent=1).encode())
    print(f"{args.output}  key: {key_path}")
    return 0


def _compare_own_face(args: argparse.Namespace) -> int:
    from phiz.cli import main
    from phiz.corpus.captured import FACEGOOD_TAKES, FACEGOOD_TEST
    from phiz.evaluate import own_face
    from phiz.motion.measures import load_lip_gap
    from phiz.runtime import bundle
    from phiz.writing import check_writable

    (held_out,) = FACEGOOD_TEST
    gap = load_lip_gap(args.rigs)
    check_writable(args.output)
    own_face.write_takes(args.facegood, args.run / "takes", held_out)
    command = ["train", "finetune", "--takes", str(args.run / "takes"), "-o", str(args.run)]
    command += ["--steps", str(args.steps), "--batch", str(args.batch)]
    command += [] if args.bundle is None else ["--bundle", str(args.bundle)]
    command += [] if args.threads is None else ["--threads", str(args.threads)]
    if main(command) != 0:
        raise EvaluateError("the training did not come to its end, so there is nothing to compare")
    truth, sound = own_face.held_out_take(args.facegood, held_out)
    shipped = bundle.load(args.bundle, threads=args.threads)
    tuned = bundle.load(args.run / "bundle", threads=args.threads)
    default = shipped.manifest.default_style
    contenders = {f"shipped, style {default}": (shipped, default), "fine-tuned": (tuned, "own")}
    if "facegood" in shipped.manifest.styles:
        contenders["shipped, style facegood"] = (shipped, "facegood")
    takes = {
        name: own_face.acted(model, style, sound, range(args.seeds))
        for name, (model, style) in contenders.items()
    }
    takes["a face at rest"] = [own_face.at_rest(truth)]
    rows = {name: own_face.nearness(found, truth, gap) for name, found in takes.items()}
    print(own_face.table(rows, f"shipped, style {default}"))
    print(
        f"trained on {', '.join(t for t in FACEGOOD_TAKES if t != held_out)}, held out {held_out}; channels:"
    )
    print(", ".join(own_face.moving_channels(truth)))
    shown = {"before": takes[f"shipped, style {default}"][0], "after": takes["fine-tuned"][0]}
    own_face.save_plot(truth, shown, args.output)
    print(args.output)
    return 0

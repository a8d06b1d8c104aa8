"""phiz schema: what a program or a language model may write for Phiz, as a JSON schema."""

from __future__ import annotations

import argparse

_EPILOG = """\
examples:
  phiz schema direction > direction.schema.json
  phiz schema direction --tool
  phiz schema note --tool

direction: acting notes as data, what `phiz generate --direction` reads. note: acting notes in plain words.
A tool is the same as a function that a language model can call, in the form of OpenAI's chat interface,
which Ollama, llama.cpp and vLLM share. How an agent acts while it speaks: docs/agents.md.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `schema` to the command line."""
    parser = subparsers.add_parser(
        "schema",
        help="print a JSON schema, for programs and language models",
        description="Print the JSON schema of acting notes, or a tool by which a language model gives them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("direction", "note"), help="acting notes as data, or in plain words")
    parser.add_argument(
        "--tool", action="store_true", help="as the description of a tool, for function calling"
    )


def run(args: argparse.Namespace) -> int:
    """Print it."""
    import json

    from phiz.cotfa import tools

    made = tools.tool(args.what) if args.tool else tools.parameters(args.what)
    print(json.dumps(made, indent=2))
    return 0

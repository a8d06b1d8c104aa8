"""How sound the demo head stays when it moves: `python -m phiz.evaluate.head`."""

"""Layer `worker`: generation in a process of its own, spoken to in JSON lines (docs/worker.md).

`client` and `protocol` load neither onnxruntime nor a model: they are what another program imports.
"""

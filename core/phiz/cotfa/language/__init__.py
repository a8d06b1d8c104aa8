"""Language models as readers of notes: what they are asked, and how much of what they say is believed.

A model fills steps I and II alone, as JSON, which is checked field by field. Muscles, anatomical check,
prompts and Direction are Phiz's own code. `server` talks to one by HTTP; `phiz.model.chat` runs one from a
folder.
"""

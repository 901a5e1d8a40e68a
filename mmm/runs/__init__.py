"""Run folders: stages, locks, manifests, history. Names and bytes, never nouns of the model."""

"""Commands to a run from outside of its process: what they look like, where runs are found, who answers."""

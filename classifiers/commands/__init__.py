"""The sub-commands of ``python -m classifiers``, a module each; `ending` says how they all end."""

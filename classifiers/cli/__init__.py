"""Commands: each module is one, or what several share."""

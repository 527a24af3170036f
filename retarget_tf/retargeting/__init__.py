"""One photo and one dance become maps: the rollout, and all that goes into it."""

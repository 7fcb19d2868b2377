"""Second statements of the rules, written from the specification and not from the engine."""

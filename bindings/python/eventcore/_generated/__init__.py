"""Written by tools/gen_python.py from the schema."""

"""How the database came to its present form: Alembic's environment and its versions."""

"""The records in a database: SQLite in a file on one machine, PostgreSQL for several replicas."""

"""PostgreSQL servers that stand behind RDS endpoints."""

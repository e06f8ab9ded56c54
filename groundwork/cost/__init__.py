"""What an environment costs in a month, from its resources, a price table and a use profile: docs/cost.md."""

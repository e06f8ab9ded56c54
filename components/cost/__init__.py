"""What an environment may cost, and who hears of it."""

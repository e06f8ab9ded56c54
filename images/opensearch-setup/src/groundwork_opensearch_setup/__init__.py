"""What the Job `setup` of the search domain does."""

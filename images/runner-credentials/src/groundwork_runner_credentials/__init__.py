"""What the Job `credentials` of a pool of runners does."""

"""What a registered model version was made of, link by link, each looked up in the world."""

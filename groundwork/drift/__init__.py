"""What differs between the state of an environment and the world: found by the engine, told, and nothing is changed."""
